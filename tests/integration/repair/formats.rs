// SPDX-License-Identifier: GPL-2.0-only
// Format strings of every form, in core's macros and behind macros of the program's own.

use core::fmt::{Debug, Display, Formatter, Result, Write};
#[derive(Debug, Clone)]
struct P {
    x: i32,
    y: &'static str,
    z: [u8; 2],
}
#[derive(Debug)]
struct T(i16, Option<u8>);
struct F;
impl Display for F {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let (w, p, fl, a, s, z, m) = (
            f.width(),
            f.precision(),
            f.fill(),
            f.alternate(),
            f.sign_plus(),
            f.sign_aware_zero_pad(),
            f.sign_minus(),
        );
        let al = match f.align() {
            Some(core::fmt::Alignment::Left) => 1,
            Some(core::fmt::Alignment::Right) => 2,
            Some(core::fmt::Alignment::Center) => 3,
            None => 0,
        };
        write!(f, "[{:?} {:?} {:?} {} {} {} {} {}]", w, p, fl, a, s, z, m, al)
    }
}
macro_rules! say { ($o:expr, $($a:tt)*) => { writeln!($o, $($a)*).unwrap() } }
macro_rules! pre { ($o:expr, $f:literal $(, $a:expr)*) => { writeln!($o, concat!("<", $f, ">{:02x?}") $(, $a)*, 77).unwrap() } }
macro_rules! fixed {
    ($o:expr, $v:expr) => {
        writeln!($o, "{:+.0}|{:#06x}|{0:x?}", $v, 10).unwrap()
    };
}
fn hide<T>(x: T) -> T {
    core::hint::black_box(x)
}
fn program(out: &mut Out) {
    let n = hide(-42_i32);
    let u = hide(255_u32);
    let f = hide(-1.5_f64);
    let s = hide("text");
    let c = hide('c');
    writeln!(out, "{:05}|{:<05}|{:^05}|{:>05}|{:*<05}|{:*>05}|{:é^05}", n, n, n, n, n, n, n).unwrap();
    writeln!(
        out,
        "{:+05}|{:+}|{:#010x}|{:#x}|{:#b}|{:#012b}|{:08.3}|{:+08.3}|{:e}",
        u, u, u, u, u, u, f, f, f
    )
    .unwrap();
    writeln!(
        out,
        "{:x?}|{:X?}|{:02x?}|{:#x?}|{:#04X?}|{:4x?}|{:<4x?}|{:>04x?}|{:.1x?}",
        u, u, u, u, u, u, u, u, u
    )
    .unwrap();
    writeln!(out, "{:x?}{:x?}", u, n).unwrap();
    writeln!(out, "{:x?}", u).unwrap();
    writeln!(out, "{:x?}}}", u).unwrap();
    writeln!(out, "{:x?}}}}}{{{:X?}", u, u).unwrap();
    writeln!(out, "{:x?}?}}{:?}?}}", u, u).unwrap();
    writeln!(out, "{:.0}|{:5.0}|{:.0}|{:.3$}|", s, s, f, 0).unwrap();
    writeln!(out, "{:.*}|{:>0$.*}|{}|{:.*?}|{1:.*}", 2, s, 1, s, n, 2, f, 3).unwrap();
    writeln!(out, "{1:>w$}|{1:<w$.p$}|{2:0w$}|{2:>0$}|{2:0$}", 6, s, 7, w = 8, p = 2).unwrap();
    let width = hide(7_usize);
    let prec = hide(1_usize);
    writeln!(out, "{n:width$}|{f:>width$.prec$}|{n:0width$}|{n:<0width$}|{u:#0width$x}|{s:.prec$?}|{s:.0?}")
        .unwrap();
    writeln!(out, r#"{:02x?} "raw" \ {:>05}"#, [1u8, 255], n).unwrap();
    writeln!(out, "\u{7b}:x?}\t{{}}\\{:02x?}\n\"{:.0}\"", u, 3, s).unwrap();
    writeln!(
        out,
        "line\
        {:x?}\
        end {:.0}",
        u, 1.5
    )
    .unwrap();
    writeln!(out, "{F}|{F:0}|{F:00}|{F:05}|{F:.0}|{F:5.0}|{F:<05}|{F:^+5}|{F:#}|{F:-}|{F:+}|{F:é>#09.3}",)
        .unwrap();
    let p = P { x: -3, y: "y", z: [1, 0xab] };
    writeln!(out, "{:?}|{:x?}|{:#x?}|{:#?}|{:02x?}|{:#06X?}|{:5?}|{:<5?}", p, p, p, p, p, p, p, p).unwrap();
    writeln!(out, "{:?} {:3?} {:03?} {:x?}", T(-1, Some(2)), T(-1, None), T(-1, Some(200)), T(-1, Some(200)))
        .unwrap();
    writeln!(out, "{:5}|{:<5}|{:^5}|{:05}|{:?}|{:5?}|{:.1}|{:x?}", c, c, c, c, c, c, c, c).unwrap();
    writeln!(out, "{:5}|{:05}|{:<7}|{:?}|{:x?}", true, false, true, true, ()).unwrap();
    writeln!(out, "{ }|{n }|{n:? }|{0:x? }", n).unwrap();
    say!(out, "{:02x?} {:.1} {}", [3u8], f, n);
    pre!(out, "{:#06x} {:.0}", u, s);
    fixed!(out, f);
    let _ = writeln!(out, "{}", format_args!("{:02x?}{:<05}", u, n));
    let dynd: &dyn Debug = &u;
    let disp: &dyn Display = &n;
    writeln!(out, "{:x?} {:05} {:5} {:.0?}", dynd, disp, disp, s).unwrap();
    assert!(n < 0, "{:x?}", n);
    assert_eq!(n, -42, "{:.0}", s);
    writeln!(out, "{:?}", core::format_args!("{0:x?} {0:#X?} {0:010}", u)).unwrap();
    if hide(true) {
        panic!("{:x?} {:<05} {:.0}|{:.*}", u, n, s, 1, s);
    }
}
