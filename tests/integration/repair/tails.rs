// SPDX-License-Identifier: GPL-2.0-only
// Structures that end in trait objects, slices and strings: their fields, sizes, destructors.

use alloc::{boxed::Box, rc::Rc, string::String, vec::Vec};
use core::cell::{Cell, RefCell};
use core::fmt::{Debug, Write};
trait Say {
    fn say(&self) -> u64;
    fn put(&mut self, v: u64);
}
struct S8(u8);
struct S64(u64);
#[repr(align(16))]
struct S16(u32);
struct Z;
impl Say for S8 {
    fn say(&self) -> u64 {
        self.0 as u64
    }
    fn put(&mut self, v: u64) {
        self.0 = v as u8
    }
}
impl Say for S64 {
    fn say(&self) -> u64 {
        self.0
    }
    fn put(&mut self, v: u64) {
        self.0 = v
    }
}
impl Say for S16 {
    fn say(&self) -> u64 {
        self.0 as u64
    }
    fn put(&mut self, v: u64) {
        self.0 = v as u32
    }
}
impl Say for Z {
    fn say(&self) -> u64 {
        0
    }
    fn put(&mut self, _: u64) {}
}
struct In<T: ?Sized> {
    a: u8,
    t: T,
}
struct Mid<T: ?Sized> {
    b: u16,
    i: In<T>,
}
struct Out3<T: ?Sized> {
    c: u8,
    m: Mid<T>,
}
#[repr(C)]
struct Rc1<T: ?Sized> {
    a: u8,
    b: u32,
    t: T,
}
#[repr(align(32))]
struct Al<T: ?Sized> {
    a: u8,
    t: T,
}
struct Only<T: ?Sized>(T);
struct Dr<T: ?Sized>(u8, T);
struct Noisy(u32);
struct Sum(Cell<u32>);
unsafe impl Sync for Sum {}
static SUM: Sum = Sum(Cell::new(0));
impl Drop for Noisy {
    fn drop(&mut self) {
        SUM.0.set(SUM.0.get() + self.0);
    }
}
impl Say for Noisy {
    fn say(&self) -> u64 {
        self.0 as u64
    }
    fn put(&mut self, v: u64) {
        self.0 = v as u32
    }
}
fn szd<T: Say>(out: &mut Out, t: fn() -> T) {
    let mut o = Out3 { c: 1, m: Mid { b: 2, i: In { a: 3, t: t() } } };
    let (s, a) = (core::mem::size_of_val(&o), core::mem::align_of_val(&o));
    let d: &mut Out3<dyn Say> = core::hint::black_box(&mut o);
    let before = d.m.i.t.say();
    d.m.i.t.put(5);
    d.m.i.a += 1;
    d.m.b += 1;
    d.c += 1;
    let i: &In<dyn Say> = &d.m.i;
    let ti: &dyn Say = &i.t;
    writeln!(
        out,
        "{} {} {} {} {} {} {}",
        before,
        ti.say(),
        i.a,
        d.m.b,
        d.c,
        core::mem::size_of_val(d) == s,
        core::mem::align_of_val(d) == a
    )
    .unwrap();
    let mut r = Rc1 { a: 1, b: 2, t: t() };
    let (s, a) = (core::mem::size_of_val(&r), core::mem::align_of_val(&r));
    let d: &mut Rc1<dyn Say> = core::hint::black_box(&mut r);
    d.t.put(9);
    writeln!(
        out,
        "{} {} {} {} {}",
        d.t.say(),
        d.a,
        d.b,
        core::mem::size_of_val(d) == s,
        core::mem::align_of_val(d) == a
    )
    .unwrap();
    let l = Al { a: 1, t: t() };
    let (s, a) = (core::mem::size_of_val(&l), core::mem::align_of_val(&l));
    let d: &Al<dyn Say> = core::hint::black_box(&l);
    writeln!(
        out,
        "{} {} {} {}",
        d.t.say(),
        d.a,
        core::mem::size_of_val(d) == s,
        core::mem::align_of_val(d) == a
    )
    .unwrap();
    let n = Only(Only(t()));
    let d: &Only<Only<dyn Say>> = core::hint::black_box(&n);
    writeln!(out, "{} {}", d.0 .0.say(), core::mem::size_of_val(d) == core::mem::size_of_val(&n)).unwrap();
}
fn rced<T: Say + 'static>(out: &mut Out, t: fn() -> T) {
    let a: Rc<dyn Say> = Rc::new(t());
    let b = a.clone();
    writeln!(out, "{} {}", b.say(), Rc::strong_count(&a)).unwrap();
    let r: Rc<RefCell<dyn Say>> = Rc::new(RefCell::new(t()));
    r.borrow_mut().put(6);
    writeln!(out, "{} {}", r.borrow().say(), r.try_borrow_mut().is_ok()).unwrap();
    let w = Rc::downgrade(&r);
    drop(r);
    writeln!(out, "{}", w.upgrade().is_none()).unwrap();
    let x: Box<Dr<dyn Say>> = Box::new(Dr(4, t()));
    writeln!(out, "{} {}", x.0, x.1.say()).unwrap();
    let y: Box<Out3<In<dyn Say>>> =
        Box::new(Out3 { c: 1, m: Mid { b: 2, i: In { a: 3, t: In { a: 4, t: t() } } } });
    writeln!(out, "{} {} {}", y.m.i.t.t.say(), y.m.i.t.a, y.m.i.a).unwrap();
}
fn program(out: &mut Out) {
    szd(out, || S8(7));
    szd(out, || S64(0x0102030405060708));
    szd(out, || S16(0xabcd));
    szd(out, || Z);
    rced(out, || S8(7));
    rced(out, || S64(0x0102030405060708));
    rced(out, || S16(0xabcd));
    rced(out, || Z);
    rced(out, || Noisy(3));
    writeln!(out, "{}", SUM.0.get()).unwrap();
    let s: Rc<str> = Rc::from("hello");
    let v: Rc<[u64]> = Rc::from(&[1u64, 2, 3][..]);
    writeln!(out, "{} {:?} {} {}", s, v, core::mem::size_of_val(&*s), core::mem::size_of_val(&*v)).unwrap();
    let m = Out3 { c: 1, m: Mid { b: 2, i: In { a: 3, t: [1u32, 2, 3] } } };
    let d: &Out3<[u32]> = core::hint::black_box(&m);
    writeln!(
        out,
        "{:?} {} {}",
        &d.m.i.t,
        core::mem::size_of_val(d) == core::mem::size_of_val(&m),
        core::mem::align_of_val(d) == core::mem::align_of_val(&m)
    )
    .unwrap();
    let m = In { a: 3, t: In { a: 1, t: [1u64, 2, 3] } };
    let d: &In<In<[u64]>> = core::hint::black_box(&m);
    writeln!(out, "{:?} {} {}", &d.t.t, core::mem::size_of_val(d) == core::mem::size_of_val(&m), d.t.a)
        .unwrap();
    let q = RefCell::new(Cell::new(5u64));
    let d: &RefCell<dyn Debug> = core::hint::black_box(&q);
    writeln!(out, "{:?} {:?}", d, &*d.borrow()).unwrap();
    let b: Box<dyn Fn(u64) -> u64> = Box::new(|x| x + 1);
    let h: Rc<In<dyn Fn(u64) -> u64>> = Rc::new(In { a: 1, t: move |x| b(x) * 2 });
    writeln!(out, "{} {}", (h.t)(4), h.a).unwrap();
    let mut vs: Vec<Rc<dyn Say>> = Vec::new();
    vs.push(Rc::new(S8(1)));
    vs.push(Rc::new(S64(2)));
    vs.push(Rc::new(S16(3)));
    writeln!(out, "{}", vs.iter().map(|v| v.say()).sum::<u64>()).unwrap();
    let st: Box<str> = String::from("x").into_boxed_str();
    writeln!(out, "{st}").unwrap();
}
