// SPDX-License-Identifier: GPL-2.0-only
use core::cmp::Ordering;
use core::fmt::Write;
use core::mem::size_of;
use core::num::NonZeroU8;

fn program(out: &mut Out) {
    let promised = (size_of::<Result<(), NonZeroU8>>(), size_of::<Result<NonZeroU8, ()>>());
    let nested = (size_of::<Option<Option<bool>>>(), size_of::<Option<Ordering>>());
    writeln!(out, "{promised:?} {nested:?}").unwrap();
}
