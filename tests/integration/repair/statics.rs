// SPDX-License-Identifier: GPL-2.0-only
// Statics have one address, whole and in part, wherever it is taken.

use core::fmt::Write;
struct AtomicU32(core::cell::Cell<u32>);
unsafe impl Sync for AtomicU32 {}
enum Ordering {
    Relaxed,
}
impl AtomicU32 {
    const fn new(v: u32) -> Self {
        AtomicU32(core::cell::Cell::new(v))
    }
    fn load(&self, _: Ordering) -> u32 {
        self.0.get()
    }
    fn store(&self, v: u32, _: Ordering) {
        self.0.set(v)
    }
    fn fetch_add(&self, v: u32, _: Ordering) {
        self.0.set(self.0.get() + v)
    }
}
static TABLE: [u8; 4] = [1, 2, 3, 4];
pub(crate) static NAMES: [&str; 2] = ["one", "two"];
struct Ops {
    f: fn(u8) -> u8,
    n: u16,
    t: &'static [u8],
}
fn inc(x: u8) -> u8 {
    x + 1
}
static OPS: Ops = Ops { f: inc, n: 0x1234, t: &TABLE };
static REF: &Ops = &OPS;
static PART: &[u8] = OPS.t;
static N: &u16 = &OPS.n;
const C: &[u8; 4] = &TABLE;
const LEN: usize = TABLE.len();
const SECOND: u8 = TABLE[1];
static COUNT: AtomicU32 = AtomicU32::new(5);
static COUNTS: [AtomicU32; 2] = [const { AtomicU32::new(1) }; 2];
static ONE: &AtomicU32 = &COUNTS[1];
static SLICE: &[u8] = &TABLE;
static ARR: [u8; LEN] = [SECOND; LEN];
static mut M: u8 = 1;
#[no_mangle]
pub static EXPORTED: u32 = 77;
static TUPLE: (u8, [u16; 2]) = (1, [2, 3]);
static CH: char = 'e';
struct Pointer(*const u8);
unsafe impl Sync for Pointer {}
static P0: Pointer = Pointer(TABLE.as_ptr());
static P1: Pointer = Pointer(&TABLE[2]);
static P2: Pointer = Pointer(core::ptr::addr_of!(TABLE) as *const u8);
macro_rules! st {
    ($n:ident, $t:ty, $v:expr) => {
        static $n: $t = $v;
    };
}
st!(GEN, [u8; 2], [9, 8]);
macro_rules! item {
    ($i:item) => {
        $i
    };
}
item! { static ITEM: [u8; 2] = [7, 6]; }
trait Tr {
    const K: &'static [u8];
    fn get() -> *const u8;
}
struct A;
impl Tr for A {
    const K: &'static [u8] = &TABLE;
    fn get() -> *const u8 {
        static L: [u8; 2] = [1, 2];
        &L[1]
    }
}
fn local() -> &'static u8 {
    static L: [u8; 3] = [5, 6, 7];
    &L[2]
}
fn program(out: &mut Out) {
    let b = core::hint::black_box(&TABLE).as_ptr();
    let same = [
        P0.0 == b,
        P1.0 == b.wrapping_add(2),
        P2.0 == b,
        TABLE.as_ptr() == b,
        &TABLE[3] as *const u8 == b.wrapping_add(3),
        C.as_ptr() == b,
        SLICE.as_ptr() == b,
        PART.as_ptr() == b,
        OPS.t.as_ptr() == b,
        REF.t.as_ptr() == b,
        N as *const u16 == &OPS.n,
        core::ptr::eq(REF, &OPS),
        core::ptr::eq(ONE, &COUNTS[1]),
        GEN.as_ptr() == &GEN as *const _ as *const u8,
        A::K.as_ptr() == b,
        A::get() == A::get(),
        core::ptr::eq(local(), local()),
        &TUPLE.1[1] as *const u16 == core::hint::black_box(&TUPLE).1.as_ptr().wrapping_add(1),
    ];
    writeln!(out, "{:?}", same).unwrap();
    COUNTS[1].fetch_add(3, Ordering::Relaxed);
    COUNT.store(9, Ordering::Relaxed);
    writeln!(
        out,
        "{} {} {} {:?} {}",
        ONE.load(Ordering::Relaxed),
        COUNT.load(Ordering::Relaxed),
        NAMES[1],
        ARR,
        (REF.f)(REF.n as u8)
    )
    .unwrap();
    unsafe {
        M += 1;
        let m = M;
        writeln!(out, "{m} {} {} {} {} {:?} {:?}", EXPORTED, 1, CH, SECOND, TUPLE, ITEM).unwrap();
    }
    for (i, n) in NAMES.iter().enumerate() {
        writeln!(out, "{i}{n}").unwrap();
    }
    let ix = core::hint::black_box(9usize);
    writeln!(out, "{}", TABLE[ix]).unwrap();
}
