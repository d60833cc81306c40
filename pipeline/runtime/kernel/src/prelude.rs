// SPDX-License-Identifier: GPL-2.0-only
//! What almost every module uses: `use kernel::prelude::*;`.

pub use crate::alloc::{flags::*, KBox, KVec};
pub use crate::error::{code::*, Error, Result};
pub use crate::str::{BStr, CStr};
pub use crate::ThisModule;
pub use crate::{
    module, pr_alert, pr_cont, pr_crit, pr_debug, pr_emerg, pr_err, pr_info, pr_notice, pr_warn,
};
