# SPDX-License-Identifier: GPL-2.0-only
"""Options of a kernel's configuration that a module from Rust cannot live with, or does not get.

Kbuild compiles the C side of a module with all that the tree has.  The Rust part comes as an object
of its own: it has the kernel's flags and none of its GCC plugins, neither Clang's schemes nor
objtool have seen it, and its types are laid out as the headers say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pipeline.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_AGAIN = "and build the kernel again"


@dataclass(frozen=True)
class Rule:
    """What one of ``options`` (other releases have other names), set to y, means for a module.

    ``refused`` is a module that would be wrong or would not load; else it works, without something
    that the option promises, or is refused unless the user does what ``mend`` says.  ``unless`` is
    an option that makes the rule void.
    """

    options: tuple[str, ...]
    kind: Literal["refused", "warned"]
    meaning: str
    mend: str
    source: str
    unless: str = ""


RULES: tuple[Rule, ...] = (
    Rule(
        ("CONFIG_RANDSTRUCT_FULL", "CONFIG_RANDSTRUCT_PERFORMANCE", "CONFIG_GCC_PLUGIN_RANDSTRUCT"),
        "refused",
        "the kernel's structures are shuffled, and Rust would read and write their members where "
        "the headers say",
        f"set CONFIG_RANDSTRUCT_NONE=y (before Linux 5.19: GCC_PLUGIN_RANDSTRUCT=n) {_AGAIN}",
        "security/Kconfig.hardening, scripts/gcc-plugins/randomize_layout_plugin.c",
    ),
    Rule(
        ("CONFIG_GCC_PLUGIN_ARM_SSP_PER_TASK",),
        "refused",
        "a plugin for GCC finds the stack protector's value for each task, and the Rust part would "
        "look for it where this kernel exports none",
        f"set CONFIG_STACKPROTECTOR_PER_TASK=n {_AGAIN}",
        "scripts/gcc-plugins/arm_ssp_per_task_plugin.c",
    ),
    Rule(
        ("CONFIG_CFI_CLANG", "CONFIG_CFI"),
        "refused",
        "each indirect call looks for its callee's type in front of it, where GCC writes none: the "
        "first call into the module would be a panic",
        f"set CONFIG_CFI_CLANG=n (later releases: CONFIG_CFI=n) {_AGAIN} with GCC",
        "arch/Kconfig (CFI_CLANG)",
    ),
    Rule(
        ("CONFIG_LTO_CLANG_FULL", "CONFIG_LTO_CLANG_THIN"),
        "refused",
        "modules are linked from the compiler's intermediate code, which an object from Ferric "
        "does not have",
        f"set CONFIG_LTO_NONE=y {_AGAIN} with GCC",
        "arch/Kconfig (LTO), scripts/Makefile.modfinal",
    ),
    Rule(
        ("CONFIG_KMSAN",),
        "refused",
        "every store has to tell the kernel that its memory is initialised, which only Clang "
        "writes: all that Rust gives to the kernel would be reported",
        f"set CONFIG_KMSAN=n {_AGAIN} with GCC",
        "lib/Kconfig.kmsan (HAVE_KMSAN_COMPILER)",
    ),
    Rule(
        ("CONFIG_GCC_PLUGIN_STACKLEAK", "CONFIG_KSTACK_ERASE"),
        "warned",
        "the depth of the stack is tracked by calls that GCC's plugin adds, and the Rust part has "
        "none: what it leaves on the stack may outlive a system call",
        "nothing, where that is acceptable; the module loads and works",
        "security/Kconfig.hardening, kernel/stackleak.c",
    ),
    Rule(
        ("CONFIG_GCC_PLUGIN_STRUCTLEAK",),
        "warned",
        "a plugin for GCC clears variables on the stack, and not those of the Rust part; safe Rust "
        "reads none that it has not written",
        "nothing, where the crate's unsafe code is trusted; the module loads and works",
        "scripts/gcc-plugins/structleak_plugin.c",
    ),
    Rule(
        ("CONFIG_GCC_PLUGIN_LATENT_ENTROPY",),
        "warned",
        "a plugin for GCC gathers entropy in functions marked __latent_entropy, and the Rust part "
        "has no such functions",
        "nothing: the module loads and works",
        "scripts/gcc-plugins/latent_entropy_plugin.c",
    ),
    Rule(
        ("CONFIG_GCC_PLUGIN_SANCOV",),
        "warned",
        "a plugin for GCC records which code ran, and not in the Rust part",
        "nothing: the module loads and works, without coverage of the Rust part",
        "scripts/gcc-plugins/sancov_plugin.c",
    ),
    Rule(
        ("CONFIG_MODULE_SIG_FORCE",),
        "warned",
        "the kernel refuses a module without a valid signature (EKEYREJECTED), and a build signs "
        "none",
        "sign the module with the kernel's key: scripts/sign-file HASH KEY CERTIFICATE MODULE.ko",
        "kernel/module/signing.c, module_sig_check()",
    ),
    Rule(
        ("CONFIG_TRIM_UNUSED_KSYMS",),
        "warned",
        "the kernel exports only what its own modules use, and what this one needs may be missing: "
        "modpost will name it",
        f"add the names to CONFIG_UNUSED_KSYMS_WHITELIST, or set CONFIG_TRIM_UNUSED_KSYMS=n, "
        f"{_AGAIN}",
        "kernel/module/Kconfig",
    ),
    Rule(
        ("CONFIG_GCOV_PROFILE_ALL",),
        "warned",
        "each object registers its counters in a constructor, and the Rust part's is not linked: "
        "it counts, and nobody reads it",
        "nothing: the module loads and works, without coverage of the Rust part",
        "scripts/Makefile.lib (CFLAGS_GCOV), kernel/gcov/gcc_base.c",
    ),
    Rule(
        ("CONFIG_KASAN_GENERIC", "CONFIG_KASAN_SW_TAGS"),
        "warned",
        "memory accesses of the Rust part are checked as the kernel's flags say, but its statics "
        "have no red zones that are registered: the constructor is not linked",
        "nothing: the module loads and works, more slowly and with larger frames",
        "scripts/Makefile.kasan",
    ),
    Rule(
        ("CONFIG_KCSAN",),
        "warned",
        "accesses of the Rust part are watched for races as the kernel's flags say, and what Rust "
        "allows may be reported",
        "nothing: the module loads and works, more slowly",
        "scripts/Makefile.kcsan",
    ),
    Rule(
        ("CONFIG_UBSAN",),
        "warned",
        "the C that comes from Rust is checked as if people had written it: a report names a line "
        "of that C, and may be of something that Rust defines",
        f"read such a report with the Rust beside it, or set CONFIG_UBSAN=n {_AGAIN}",
        "scripts/Makefile.ubsan",
    ),
    Rule(
        ("CONFIG_RETHUNK", "CONFIG_MITIGATION_RETHUNK"),
        "warned",
        "objtool lists the returns that the kernel patches when it starts, and sees no object that "
        "comes prebuilt: those of the Rust part stay calls of the generic thunk",
        "nothing where the CPU needs no other thunk; the module loads and works",
        "arch/x86/Kconfig, scripts/Makefile.build (cmd_objtool), scripts/Makefile.lib",
        # Then objtool sees the module as a whole (delay-objtool).
        unless="CONFIG_X86_KERNEL_IBT",
    ),
)


@dataclass(frozen=True)
class Objection:
    """A rule that applies to a tree: which option is set, and what that means."""

    option: str
    rule: Rule

    def __str__(self) -> str:
        """Return one line for the user."""
        return f"{self.option}=y: {self.rule.meaning}; {self.rule.mend}"


def objections(config: Mapping[str, str]) -> list[Objection]:
    """Return what speaks against modules from Rust, one for each rule that applies, in order."""
    found = []
    for rule in RULES:
        option = next((name for name in rule.options if config.get(name) == "y"), None)
        if option is not None and config.get(rule.unless) != "y":
            found.append(Objection(option, rule))
    return found


def refuse(config: Mapping[str, str], where: Path) -> None:
    """Raise :class:`UserError` where modules from Rust would break in a tree with ``config``.

    All options at fault are named at once: a kernel is not built again for each.
    """
    found = [one for one in objections(config) if one.rule.kind == "refused"]
    if found:
        raise UserError(
            "; ".join(f"{one.option}=y: {one.rule.meaning}" for one in found),
            where=f"{where}/.config",
            mend="; ".join(dict.fromkeys(one.rule.mend for one in found)),
        )


def warnings(config: Mapping[str, str]) -> list[str]:
    """Return a line for each option that a module from Rust does not get, or has to be helped."""
    return [str(one) for one in objections(config) if one.rule.kind == "warned"]
