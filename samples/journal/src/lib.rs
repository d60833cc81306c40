// SPDX-License-Identifier: GPL-2.0-only
//! A kernel module with state: a journal in memory that keeps the newest entries.
//!
//! It shows memory that can run out ([`KVec`], [`KBox`]), a lock around a value ([`Mutex`]), errors
//! that stop the loading of a module, and an exit that has something to do.

#![no_std]

mod ring;

use kernel::prelude::*;
use kernel::sync::{Mutex, SpinLock};
use ring::Ring;

module! {
    type: Journal,
}

/// One line of the journal.
#[derive(Clone, Copy, Debug)]
struct Entry {
    number: u64,
    value: u32,
}

/// What was written since the module was loaded, also what is not kept any more.
#[derive(Default)]
struct Totals {
    written: u64,
    sum: u64,
}

struct Journal {
    kept: Mutex<Ring<Entry>>,
    totals: KBox<SpinLock<Totals>>,
}

impl Journal {
    /// Writes an entry; the oldest makes place for it where there is none.
    fn write(&self, value: u32) {
        let number = {
            let mut totals = self.totals.lock();
            totals.written += 1;
            totals.sum += u64::from(value);
            totals.written
        };
        if let Some(oldest) = self.kept.lock().push(Entry { number, value }) {
            pr_debug!("entry {} is forgotten\n", oldest.number);
        }
    }

    /// Prints the entries from the smallest to the largest value.
    fn print(&self) -> Result {
        let mut sorted = KVec::new();
        {
            let kept = self.kept.lock();
            sorted.reserve(kept.len(), GFP_KERNEL)?;
            for entry in kept.iter() {
                sorted.push(*entry, GFP_KERNEL)?;
            }
        }
        sorted.sort_unstable_by_key(|entry| entry.value);
        for entry in &sorted {
            pr_info!("entry {:>3}: {:>5}\n", entry.number, entry.value);
        }
        Ok(())
    }
}

impl kernel::Module for Journal {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let capacity = module_parameters::capacity.value();
        if capacity == 0 {
            pr_err!("capacity must be at least 1\n");
            return Err(EINVAL);
        }
        let totals = SpinLock::new(Totals::default(), GFP_KERNEL)?;
        let journal = Journal {
            kept: Mutex::new(Ring::new(capacity.try_into()?, GFP_KERNEL)?, GFP_KERNEL)?,
            totals: KBox::new(totals, GFP_KERNEL)?,
        };
        let mut value = 1;
        for _ in 0..module_parameters::entries.value() {
            journal.write(value);
            value = value * 75 % 65_537;
        }
        pr_info!(
            "keeps {} of {} entries\n",
            journal.kept.lock().len(),
            journal.totals.lock().written
        );
        Ok(journal)
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        if let Err(error) = self.print() {
            pr_err!("cannot print: {:?}\n", error);
        }
        let totals = self.totals.lock();
        pr_info!(
            "{} entries were written, their sum is {}\n",
            totals.written,
            totals.sum
        );
    }
}
