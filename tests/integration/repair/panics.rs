// SPDX-License-Identifier: GPL-2.0-only
// Programs that end in a panic: bodies of `program`, each behind its name; `//-` ends what stands
// before the function. `b` hides a value from the compiler.
//: unused: index
let a = [1u32, 2, 3]; let _x = a[b(3usize)];
//: unused: index of a slice
let a = b([1u32, 2, 3]); let s = &a[..b(2)]; let _x = s[b(2usize)];
//: unused: index discarded
let a = b([1u32, 2, 3]); let _ = a[b(3usize)];
//: unused: index as a statement
let a = b([1u32, 2, 3]); a[b(3usize)];
//: unused: index borrowed
let a = b([1u32, 2, 3]); let _x = &a[b(3usize)];
//: unused: index borrowed to write
let mut a = b([1u32, 2, 3]); let _x = &mut a[b(3usize)];
//: unused: index by ref
let a = b([1u32, 2, 3]); let ref _x = a[b(3usize)];
//: unused: index of a literal
let a = b([1u32, 2, 3]); let s = &a[..b(1)]; let _x = s[1];
//: unused: index of a field
struct S { d: [u8; 4], n: usize } let s = b2(S { d: [0; 4], n: 4 }); fn b2(s: S) -> S { s } let _x = s.d[b(s.n)];
//: unused: index of what a call gives
fn f() -> [u8; 2] { b([1, 2]) } let _x = f()[b(2usize)];
//: unused: nested index
let a = b([[1u32, 2], [3, 4]]); let _x = a[b(1usize)][b(2usize)];
//: unused: nested index, the outer
let a = b([[1u32, 2], [3, 4]]); let _x = a[b(2usize)][b(1usize)];
//: unused: field of an element
let a = b([(1u32, 2u8); 2]); let _x = a[b(2usize)].1;
//: unused: chain
let a = b([1u32, 2]); let x = a[b(2usize)]; let y = x.wrapping_add(1); let _z = y ^ 3;
//: unused: operand of a comparison
let a = b([1u32, 2]); let _x = a[b(2usize)] == 3;
//: unused: argument that is ignored
fn f(_x: u32) {} let a = b([1u32, 2]); f(a[b(2usize)]);
//: unused: tuple
let a = b([1u32, 2]); let _t = (a[b(0usize)], a[b(2usize)]);
//: unused: match without a use
let a = b([1u32, 2]); match a[b(2usize)] { _ => {} }
//: unused: divide
let _x = b(7u32) / b(0);
//: unused: divide, least by -1
let _x = b(i32::MIN) / b(-1);
//: unused: remainder
let _x = b(7u64) % b(0);
//: unused: remainder, least by -1
let _x = b(i8::MIN) % b(-1);
//: unused: divide discarded
let _ = b(7u16) / b(0);
//: unused: divide as a statement
b(7isize) / b(0);
//: unused: divide of 128 bits
let _x = b(7u128) / b(0);
//: unused: divide in place
let mut x = b(7u32); x /= b(0); let _y = x;
//: unused: remainder in place
let mut x = b(7u32); x %= b(0);
//: unused: in a loop
let a = b([1u32, 2]); for i in 0..b(3usize) { show(o, i as u32); let _x = a[i]; }
//: unused: in a closure
let a = b([1u32, 2]); let f = |i: usize| { let _x = a[i]; }; f(b(1)); f(b(2));
//: unused: in a closure without braces
let f = |x: u32| x / b(0); let _x = f(b(1));
//: unused: in both arms
let a = b([1u32, 2]); if b(1) == 2 { let _x = a[b(5usize)]; } else { let _x = a[b(6usize)]; }
//: unused: two in a line
let a = b([1u32, 2]); let _x = a[b(1usize)]; let _y = a[b(2usize)];
//: unused: macro
macro_rules! m { ($a:expr, $i:expr) => { let _x = $a[$i]; } } let a = b([1u32, 2]); m!(a, b(2usize));
//: unused: macro that divides
macro_rules! m { ($a:expr, $i:expr) => { let _x = $a / $i; } } m!(b(7u32), b(0));
//: unused: generic
fn f<T: Copy>(s: &[T], i: usize) { let _x = s[i]; }
//-
f(&[1u8, 2], b(1)); f(&[1u32, 2], b(2));
//: unused: trait method
trait T { fn get(&self, i: usize); }
impl T for [u16; 3] { fn get(&self, i: usize) { let _x = self[i]; } }
//-
b([1u16, 2, 3]).get(b(3));
//: unused: provided method
trait T { fn d(&self) -> &[u8]; fn get(&self, i: usize) { self.d()[i]; } }
struct S; impl T for S { fn d(&self) -> &[u8] { &[1, 2] } }
//-
S.get(b(2));
//: unused: trait object
trait T { fn f(&self, d: u32); }
impl T for u32 { fn f(&self, d: u32) { let _q = *self / d; } }
//-
let t: &dyn T = &b(5u32); t.f(b(0));
//: unused: nested module
mod m { pub mod n { pub fn f(a: &[u8], i: usize) { let _x = a[i]; } } }
//-
m::n::f(&b([1u8]), b(1));
//: unused: constant function
const fn f(a: &[u8; 2], i: usize) -> u8 { a[i] }
const C: u8 = f(&[1, 2], 1);
//-
show(o, C.into()); let _x = f(&b([1, 2]), b(2));
//: unused: constant function, divides
const fn f(a: u32, d: u32) -> u32 { let _q = a / d; a }
static S: u32 = f(9, 3);
//-
show(o, S); f(b(1), b(0));
//: unused: inlined
#[inline(always)] fn f(a: &[u8], i: usize) -> u8 { a[i] }
//-
let _x = f(&b([1u8, 2]), b(2));
//: unused: constant parameter
struct W<const N: usize>([u8; N]);
impl<const N: usize> W<N> { fn f(&self, i: usize) { self.0[i]; } }
//-
W(b([1u8, 2, 3])).f(b(3));
//: placed: several in a line
let a = b([1u32, 2, 3]); show(o, a[b(0usize)] + a[b(1usize)] * a[b(3usize)]);
//: placed: write
let mut a = b([1u32, 2]); a[b(1usize)] = 7; a[b(2usize)] += a[b(1usize)];
//: placed: over lines
let a = b([1u32, 2]);
    show(o,
        a
            [b(2usize)]
    );
//: placed: parentheses
show(o, (b(7u32) / b(0)) + 1);
//: placed: compound
let mut x = b(7u32); x /= b(1); x %= b(0); show(o, x);
//: placed: product of quotients
show(o, b(8u32) / b(2) / b(0));
//: placed: cast
show(o, b(7u8) as u32 / b(0u8) as u32);
//: placed: named constant
const N: i32 = -1; show(o, (b(i32::MIN) / N) as u32);
//: placed: in an argument of a macro
let a = b([1u32, 2]); writeln!(o, "{}", a[b(2usize)]).unwrap();
//: placed: in what is asserted equal
let a = b([1u32, 2]); assert_eq!(a[b(2usize)], 3);
//: placed: panic
if b(1) == 1 { panic!("no {}", b(3)); }
//: placed: panic in an arm
let x: u32 = match b(1) { 1 => panic!("one"), n => n }; show(o, x);
//: placed: panic in a closure
let f = |x: Option<u32>| x.unwrap_or_else(|| panic!("none")); show(o, f(b(None)));
//: placed: assert
assert!(b(1) == 1); assert!(b(1) == 2);
//: placed: assert with a message
assert!(b(1) == 2, "not {}", 2);
//: placed: assert equal
assert_eq!(b(1), 1); assert_eq!(b(1), 2);
//: placed: assert not equal
assert_ne!(b(1), 1, "with {}", "words");
//: placed: unreachable
if b(true) { unreachable!() }
//: placed: todo
if b(true) { todo!("later") }
//: placed: unimplemented
if b(true) { unimplemented!(); }
//: placed: unwrap
let x: Option<u32> = b(None); show(o, x.unwrap());
//: placed: expect
let x: Option<u32> = b(None); show(o, x
    .expect("a number"));
//: placed: unwrap of a result
let x: Result<u32, u8> = b(Err(4)); show(o, x.unwrap());
//: placed: expect of a result
let x: Result<u32, u8> = b(Err(4)); show(o, x.expect("fine"));
//: placed: unwrap of an error
let x: Result<u8, u8> = b(Ok(4)); show(o, x.unwrap_err().into());
//: placed: expect of an error
let x: Result<u8, u8> = b(Ok(4)); show(o, x.expect_err("wrong").into());
//: placed: unwrap of a field
struct S { x: Option<u8> } let s = &S { x: b(None) }; show(o, s.x.unwrap().into());
//: placed: unwrap of what is borrowed
let x = &mut b(None::<u32>); show(o, *x.as_mut().unwrap());
//: placed: unwrap after a call
let a = b([1u32, 2]); show(o, *a.get(b(0usize)).unwrap() + *a.get(b(2usize)).unwrap());
//: placed: after an assert
let a = b([1u32, 2]); assert!(b(1) == 1); show(o, a[b(2usize)]);
//: placed: unicode
let _s = "äö"; let a = b([1u32]); show(o, a[b(1usize)]);
//: overflow: add unused
let _x = b(255u8) + b(1);
//: overflow: subtract discarded
let _ = b(0u32) - b(1);
//: overflow: multiply as a statement
b(i64::MAX) * b(2);
//: overflow: negate unused
let _x = -b(i16::MIN);
//: overflow: shift unused
let _x = b(1u32) << b(32u32);
//: overflow: shift right unused
let _x = b(1i8) >> b(8u8);
//: overflow: add in place
let mut x = b(255u8); x += b(1); let _y = x;
//: overflow: shift in place
let mut x = b(1u32); x <<= b(40u8); show(o, x);
//: overflow: index and sum
let a = b([1u32, 2]); show(o, a[b(usize::MAX) + b(1)]);
//: overflow: sum used
show(o, b(1) + b(u32::MAX) + 1);
//: overflow: product in a closure
let f = |x: u32| x * b(3); show(o, f(b(u32::MAX)));
//: overflow: add of 128 bits unused
let _x = b(u128::MAX) + b(1);
//: index that a const fn computes
const fn third(n: usize) -> usize { n + 2 }
//-
let a = b([1u32, 2]); show(o, a[b(1)]); writeln!(o, "{}", a[third(0)]).unwrap();
//: unused: index that a const fn computes, for a parameter
const fn third(n: usize) -> usize { n + 2 }
fn second(_a: u32, c: u32) -> u32 { c }
//-
let a = b([1u32, 2]); show(o, a[1]); writeln!(o, "{}", second(a[third(0)], 3)).unwrap();
//: index: raw pointer to the element behind the last
let a = b([1u32, 2, 3]); let s = &a[..]; show(o, (&raw const s[3]).is_null() as u32);
//: index: by core's swap, with the element behind the last
let mut a = b([1u32, 2, 3]); a.swap(1, 3); show(o, a[1]);
//: index: after the rest of a pattern that is empty
let a = b([1u32, 2]); let s = &a[..]; if let [x, y, rest @ ..] = s { show(o, x + y + rest.len() as u32); show(o, rest[b(0)]); }
