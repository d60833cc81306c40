// SPDX-License-Identifier: GPL-2.0-only
use core::fmt::Write;
pub struct Guard(pub u32);
impl Drop for Guard {
    fn drop(&mut self) { writeln!(Out, "drop {}", self.0).unwrap(); }
}
impl Guard {
    pub fn small(&self) -> Option<u32> { (self.0 < 5).then_some(self.0) }
    pub fn id(&self) -> u32 { self.0 }
    pub fn next(self) -> Guard { Guard(self.0 + 1) }
    pub fn me(&self) -> &Guard { self }
    pub fn yes(&self) -> bool { self.0 < 100 }
    pub fn more(&self) -> Option<Guard> { (self.0 < 4).then(|| made(self.0 + 10)) }
    pub fn tried(&self) -> Result<Option<Guard>, Guard> { match self.0 { 0 | 1 => Ok(self.more()), 2 => Ok(None), _ => Err(made(80)) } }
    pub fn pair(&self) -> Option<Pair> { (self.0 < 3).then(|| Pair { a: made(self.0 + 10), b: made(self.0 + 20) }) }
}
#[inline(never)] pub fn made(n: u32) -> Guard { Guard(n) }
#[inline(never)] pub fn some(n: u32) -> Option<Guard> { if n > 100 { None } else { Some(Guard(n)) } }
#[inline(never)] pub fn res(n: u32) -> Result<Guard, Guard> { if n > 100 { Err(Guard(n)) } else { Ok(Guard(n)) } }
#[inline(never)] pub fn two(a: u32, b: u32) -> (Guard, Guard) { (Guard(a), Guard(b)) }
#[inline(never)] pub fn yes(n: u32) -> bool { n < 100 }
#[inline(never)] pub fn say(n: u32) { writeln!(Out, "say {}", n).unwrap(); }
pub fn take(g: Guard) { say(g.0); }
pub fn take2(a: Guard, b: Guard) { say(a.0 + b.0); }
pub fn pass(g: Guard) -> Guard { g }
pub struct Pair { pub a: Guard, pub b: Guard }
pub struct Outer { pub p: Pair, pub g: Guard }
pub enum E { A(Guard), B(Guard, Guard), C { x: Guard, y: u32 }, N }
#[inline(never)] pub fn en(n: u32) -> E { match n { 0 => E::A(Guard(10)), 1 => E::B(Guard(20), Guard(21)), 2 => E::C { x: Guard(30), y: 31 }, _ => E::N } }
pub struct Owner(pub Guard, pub u32);
impl Drop for Owner { fn drop(&mut self) { writeln!(Out, "owner {}", self.1).unwrap(); } }
pub trait Tr { fn go(&self) -> u32; fn eat(self) where Self: Sized; }
impl Tr for Guard { fn go(&self) -> u32 { self.0 } fn eat(self) { say(self.0 + 1000); } }
impl Tr for Owner { fn go(&self) -> u32 { self.1 } fn eat(self) { say(self.1 + 2000); } }
