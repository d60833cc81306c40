// SPDX-License-Identifier: GPL-2.0-only
// Labels of macros, which no label of a caller takes for its own.

use core::fmt::Write;
macro_rules! twice {
    ($body:expr) => {
        'again: for _turn in 0..2 {
            if $body {
                continue 'again;
            }
            break 'again;
        }
    };
}
macro_rules! leave { ($l:lifetime) => { break $l }; ($l:lifetime, $v:expr) => { break $l $v } }
macro_rules! block { ($b:block) => { 'a: { let r = 'b: { if true { leave!('b, 3) } $b; 4 }; if r == 3 { break 'a 7 } 8 } } }
macro_rules! outer { ($l:lifetime : $b:expr) => { 'x: loop { $l: loop { $b; break 'x; } } } }
macro_rules! nest {
    ($o:ident) => {
        'n: loop {
            macro_rules! inner {
                () => {
                    'm: loop {
                        writeln!($o, "in").unwrap();
                        if true {
                            break 'n;
                        }
                        break 'm;
                    }
                };
            }
            inner!();
        }
    };
}
macro_rules! rec { () => { 0 }; ($h:expr $(, $t:expr)*) => { 'a: { if $h > 1 { break 'a $h + rec!($($t),*) } rec!($($t),*) } } }
fn f<'a>(x: &'a str) -> &'a str {
    'a: loop {
        break 'a x;
    }
}
macro_rules! gen {
    ($n:ident) => {
        fn $n<'a>(x: &'a [u8]) -> Option<&'a u8> {
            let mut it = x.iter();
            'a: while let Some(v) = it.next() {
                if *v == 2 {
                    return Some(v);
                }
                continue 'a;
            }
            None
        }
    };
}
gen!(find);
fn program(out: &mut Out) {
    let mut count = 0;
    'again: for turn in 0..3 {
        twice!({
            count += 1;
            if turn == 1 {
                continue 'again;
            }
            true
        });
        count += 10;
    }
    writeln!(out, "{count}").unwrap();
    'again: for turn in 0..3 {
        twice!({
            twice!({
                count += 1;
                if turn == 2 {
                    break 'again;
                }
                count < 30
            });
            true
        });
        count += 100;
    }
    writeln!(out, "{count}").unwrap();
    let v = 'a: {
        let w = block!({
            if count > 1 {
                break 'a 1;
            }
        });
        w
    };
    writeln!(out, "{v}").unwrap();
    outer!('x: {
        count += 1;
        if count % 2 == 0 {
            continue 'x;
        } else {
            writeln!(out, "odd").unwrap()
        }
    });
    writeln!(out, "{count}").unwrap();
    nest!(out);
    writeln!(out, "{} {:?} {}", rec!(1, 2, 3), find(&[1, 2]), f("s")).unwrap();
}
