// SPDX-License-Identifier: GPL-2.0-only
//! Text: UTF-8, searching, splitting, parsing, characters.

use crate::tester::Tester;
use crate::Test;
use core::str;

pub const TESTS: &[Test] = &[
    ("text_utf8", text_utf8),
    ("text_search", text_search),
    ("text_split", text_split),
    ("text_parse", text_parse),
    ("text_chars", text_chars),
    ("text_compare", text_compare),
];

const SAMPLE: &str = "Grüße, 世界! 𝄞 äöü – naïve";

fn text_utf8(t: &mut Tester<'_>) {
    t.see(&(SAMPLE.len(), SAMPLE.chars().count()));
    for (place, letter) in SAMPLE.char_indices() {
        t.see(&(place, letter, letter.len_utf8()));
    }
    for letter in SAMPLE.chars().rev().take(6) {
        let mut bytes = [0; 4];
        t.see(&*letter.encode_utf8(&mut bytes));
        let mut units = [0; 2];
        t.see(&*letter.encode_utf16(&mut units));
    }
    let broken: [&[u8]; 5] = [b"ok", b"a\xff", b"\xe4\xb8", b"\xed\xa0\x80", b"\xc0\x80"];
    for bytes in broken {
        match str::from_utf8(bytes) {
            Ok(text) => t.see(text),
            Err(error) => t.see(&(error.valid_up_to(), error.error_len())),
        }
    }
    t.same(
        (SAMPLE.is_char_boundary(2), SAMPLE.is_char_boundary(3)),
        (true, false),
    );
    t.same((SAMPLE.get(0..3), SAMPLE.get(0..2)), (None, Some("Gr")));
    for chunk in b"x\xf0\x9f\x98y\xffz".utf8_chunks() {
        t.see(&(chunk.valid(), chunk.invalid()));
    }
}

fn text_search(t: &mut Tester<'_>) {
    let text = "the cat sat on the mat with the hat";
    t.same(
        (text.find("the"), text.rfind("the"), text.find("dog")),
        (Some(0), Some(28), None),
    );
    t.same(text.matches("at").count(), 4);
    for (place, found) in text.match_indices("t ") {
        t.see(&(place, found));
    }
    t.see(&text.find(|letter: char| letter > 's'));
    t.see(&text.find(['m', 'n']));
    t.same(text.contains("mat w") && !text.contains("matw"), true);
    t.same(SAMPLE.find('界'), SAMPLE.find("界"));
    t.see(&"aaaaabaaaab".find("aaab"));
    t.see(&"abcabcabcabd-abcabd".rfind("abcabd"));
    t.same(
        text.strip_prefix("the ")
            .and_then(|rest| rest.strip_suffix(" hat"))
            .map(str::len),
        Some(27),
    );
}

fn text_split(t: &mut Tester<'_>) {
    let text = "  key = value ; other=5;; last ";
    for entry in text.split(';') {
        t.see(&entry.trim());
        t.see(
            &entry
                .split_once('=')
                .map(|(key, value)| (key.trim(), value.trim())),
        );
    }
    t.see(&text.split_whitespace().count());
    for word in text.rsplitn(3, ' ') {
        t.see(word);
    }
    for line in "one\ntwo\r\n\nfour".lines() {
        t.see(line);
    }
    for part in "a-b_c".split(|letter| letter == '-' || letter == '_') {
        t.see(part);
    }
    for part in "x1y22z".split_inclusive(char::is_numeric) {
        t.see(part);
    }
    t.same("--x--".trim_matches('-'), "x");
    t.same("xxabcx".trim_start_matches("x"), "abcx");
    t.same(
        "a,b,".split(',').count() + "a,b,".split_terminator(',').count(),
        5,
    );
}

fn text_parse(t: &mut Tester<'_>) {
    for word in [
        "0",
        "-1",
        "+7",
        "255",
        "256",
        "65536",
        "-32769",
        "",
        "-",
        "12a",
        "9999999999",
        " 1",
    ] {
        t.see(&(
            word.parse::<u8>().ok(),
            word.parse::<i16>().ok(),
            word.parse::<u64>().ok(),
        ));
        t.see(&(
            word.parse::<i128>().ok().map(|n| n as i64),
            word.parse::<u32>().is_ok(),
        ));
        t.see(
            &word
                .parse::<i32>()
                .map_err(|error| *error.kind() == core::num::IntErrorKind::InvalidDigit),
        );
    }
    t.same(u32::from_str_radix("fFfe", 16), Ok(0xfffe));
    t.same(i64::from_str_radix("-zz", 36), Ok(-1_295));
    t.same(u8::from_str_radix("100000000", 2).is_err(), true);
    t.same(
        ("true".parse::<bool>().ok(), "True".parse::<bool>().ok()),
        (Some(true), None),
    );
    t.same(
        ("é".parse::<char>().ok(), "ab".parse::<char>().is_err()),
        (Some('é'), true),
    );
    t.same(
        "170141183460469231731687303715884105727".parse(),
        Ok(i128::MAX),
    );
}

impl crate::tester::Seen for core::num::ParseIntError {
    fn feed(&self, _: &mut crate::tester::Digest) {}
}

fn text_chars(t: &mut Tester<'_>) {
    for letter in "aZ9 _é\u{0}\tßΣжあ\u{7f}\u{301}€𝄞".chars() {
        t.see(&(letter, u32::from(letter), letter.is_alphabetic()));
        t.see(&(
            letter.is_ascii_alphanumeric(),
            letter.is_numeric(),
            letter.is_whitespace(),
        ));
        t.see(&(
            letter.is_uppercase(),
            letter.is_control(),
            letter.to_digit(36),
        ));
        t.see(&(
            letter.to_ascii_uppercase(),
            letter.len_utf8(),
            letter.len_utf16(),
        ));
        letter
            .to_uppercase()
            .chain(letter.to_lowercase())
            .for_each(|other| t.see(&other));
        letter
            .escape_default()
            .chain(letter.escape_unicode())
            .for_each(|other| t.see(&other));
        letter.escape_debug().for_each(|other| t.see(&other));
    }
    t.same(
        (char::from_digit(11, 16), char::from_u32(0xd800)),
        (Some('b'), None),
    );
    t.same(('a'..='e').contains(&'c') && char::MAX > '\u{ffff}', true);
    t.same(
        char::decode_utf16([0xd834, 0xdd1e, 0xdc00])
            .filter(|unit| unit.is_ok())
            .count(),
        1,
    );
}

fn text_compare(t: &mut Tester<'_>) {
    let words = ["", "a", "A", "ab", "b", "é", "z", "世"];
    for a in words {
        for b in words {
            t.see(&(a.cmp(b) as i8, a.eq_ignore_ascii_case(b), a == b));
        }
    }
    t.same("Straße".eq_ignore_ascii_case("sTRAßE"), true);
    t.same(
        "MiXed é"
            .bytes()
            .map(|byte| byte.to_ascii_lowercase())
            .eq("mixed é".bytes()),
        true,
    );
    t.same(
        core::ffi::CStr::from_bytes_until_nul(b"ab\0c\0")
            .map(|text| text.count_bytes())
            .ok(),
        Some(2),
    );
    t.same(c"literal".to_str().ok(), Some("literal"));
    let hash = words
        .iter()
        .flat_map(|word| word.bytes())
        .fold(5_381_u32, |hash, byte| {
            hash.wrapping_mul(33) ^ u32::from(byte)
        });
    t.see(&hash);
}
