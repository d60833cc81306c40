# SPDX-License-Identifier: GPL-2.0-only
"""What ``toolchains.yaml`` may say: frozen, typed models.  Behaviour is elsewhere.

The file holds names, packages and expectations.  What can be asked of a compiler or of a kernel
tree (sizes, alignments, flags of a configured tree) is not here: see ``probe.py`` beside this.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=32)]
Triple = Annotated[str, Field(pattern=r"^[a-z0-9_.]+(-[a-z0-9_]+)+$", max_length=64)]
Flag = Annotated[str, Field(pattern=r"^-[!-~]+$", max_length=128)]
Text = Annotated[str, Field(min_length=1, max_length=2000)]
Word32 = Annotated[int, Field(ge=0, le=0xFFFF_FFFF)]


class _Frozen(BaseModel):
    """Unknown keys are errors, ``"8"`` is no number, and nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class RustFlag(_Frozen):
    """A GCC flag for the C that comes from Rust, and for nothing else: a declared deviation."""

    flag: Flag = Field(description="One GCC option.")
    reason: Text = Field(description="Why the Rust part is compiled differently from the kernel.")
    transpiler: Literal["mrustc"] | None = Field(
        default=None, description="Whose C needs it; without it everyone's does."
    )


class Workaround(RustFlag):
    """A deviation for every architecture, with the versions of GCC that need it."""

    fixed_in: str = Field(
        pattern=r"^[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}$",
        description="The first version of GCC that does without it.",
    )
    source: Text = Field(description="GCC's bug report.")

    def applies(self, version: tuple[int, int, int]) -> bool:
        """Say whether GCC ``version`` needs this flag."""
        return version < tuple(map(int, self.fixed_in.split(".")))


class CompilerFault(RustFlag):
    """A deviation for one architecture, taken where the GCC at hand has the fault."""

    arch: Name = Field(description="The architecture whose GCC may have it.")
    program: Text = Field(description="The smallest C program that shows it.")
    sound: Text = Field(description="A regular expression that right assembly of it matches.")
    source: Text = Field(description="Where the fault was seen, or its report.")
    gcc_pass: Text | None = Field(
        default=None,
        description="How the names of GCC's passes begin that are at fault: a kernel is built "
        "without them, by a plugin, and the Rust part then needs no deviation.",
    )
    plugin_package: Text | None = Field(
        default=None,
        description="The package of Debian 12 with this GCC's headers for plugins.",
    )


class FixedRegister(_Frozen):
    """A register that the kernel keeps for itself: code of a module must never write it."""

    flag: Flag | None = Field(
        default=None,
        description="The option that reserves it, where the kernel's Makefile has one; without it "
        "the kernel relies on a global register variable or on GCC's ABI never allocating it.",
    )
    register_: Text = Field(alias="register", description="The name that objdump prints for it.")
    reason: Text = Field(description="What the kernel keeps in it.")
    source: Text = Field(description="The kernel file that says so.")


class Elf(_Frozen):
    """What the ELF header of an object for this architecture has to say."""

    machine: int = Field(ge=0, le=0xFFFF, description="e_machine.")
    machine_name: str = Field(pattern=r"^EM_[A-Z0-9_]+$", description="The kernel's name for it.")
    bits: Literal[32, 64] = Field(description="EI_CLASS, and so the width of a pointer.")
    byte_order: Literal["big", "little"] = Field(description="EI_DATA.")
    flags: Word32 = Field(description="e_flags, the bits inside the mask.")
    flags_mask: Word32 = Field(description="The bits of e_flags that the kernel's ABI fixes.")
    flags_note: Text = Field(description="What the bits inside the mask mean, and their source.")

    @model_validator(mode="after")
    def _flags_inside_mask(self) -> Self:
        if self.flags & ~self.flags_mask:
            raise ValueError(f"flags {self.flags:#x} has bits outside flags_mask")
        return self


class Qemu(_Frozen):
    """Names of QEMU's emulators: ``qemu-<user>`` and ``qemu-system-<system>``, null for none."""

    user: Name | None
    system: Name | None


class GccOnly(_Frozen):
    """Why rustc does not reach the architecture's kernel, with a source for the claim."""

    reason: Text
    source: Text


class RelocationRule(_Frozen):
    """What the kernel's module loader does with one type of relocation.

    The value is symbol + addend, or what ``base`` makes of it.  ``minus`` is subtracted and the
    low ``shift`` bits are dropped; ``bits`` are left for it (0: as many as it needs).
    """

    opcode: tuple[int, int] | None = Field(
        default=None,
        description="Mask and value of the first byte at the place: the rule is for that only.",
    )
    bytes: int = Field(ge=0, le=8, description="Bytes that it touches, from the place on.")
    align: int = Field(default=1, ge=1, le=8, description="What the place is to be a multiple of.")
    at: int = Field(default=0, ge=0, le=7, description="... plus this.")
    adds: bool = Field(
        default=False, description="It adds to what stands there: several may share a place."
    )
    base: Literal["zero", "place", "region", "gp", "got-of-symbol", "got-of-value"] = Field(
        default="zero",
        description="place: minus the place; region: the bits above the field are the place's; "
        "gp: minus the global pointer; got-of-symbol, got-of-value: the offset of the entry in a "
        "table that the loader fills, one for each symbol, or symbol and addend.",
    )
    minus: int = Field(default=0, ge=0, le=0xFFFF, description="What is subtracted too.")
    round: int = Field(default=1, ge=1, le=8, description="The place plus minus is rounded down.")
    bits: int = Field(default=0, ge=0, le=32, description="The width of the field, 0: no limit.")
    sign: Literal["signed", "unsigned", "either", "negative"] = Field(
        default="signed", description="negative: the sign bit is not in the field, and set."
    )
    shift: int = Field(default=0, ge=0, le=4, description="Low bits that have to be zero.")
    beyond: Literal["cut", "refused", "stub"] = Field(
        default="cut", description="What the loader does with a value that does not fit."
    )
    accepts: int = Field(
        default=0, ge=0, le=32, description="Bits that the loader's own test lets through, if more."
    )
    stub: int = Field(
        default=0, ge=0, le=64, description="Bytes of a stub, which lie in front of the section."
    )
    defined_only: bool = Field(
        default=False,
        description="A symbol of the kernel is refused; an Alpha function's GP load is skipped.",
    )
    unfit: bool = Field(default=False, description="No address of a module fits: see addresses.")
    far: bool = Field(default=False, description="No symbol of the kernel is in reach.")
    pair: Literal["addend", "before-low", "low", "labelled", "by-label"] | None = Field(
        default=None,
        description="addend: it writes at place plus addend too; before-low needs a later low of "
        "the same symbol; by-label names the place of a labelled one.",
    )
    needs: str | None = Field(default=None, description="Refused without this option.")
    unless: str | None = Field(default=None, description="Refused with this option.")


class Loader(_Frozen):
    """The kernel's module loader, as its source is in Linux 6.1 (see relocations_source)."""

    forms: tuple[Literal["rel", "rela"], ...] = Field(
        min_length=1, description="SHT_REL and SHT_RELA, as far as they are applied."
    )
    unknown: Literal["refused", "ignored"] = Field(
        default="refused", description="What it does with another type."
    )
    refuses: tuple[str, ...] = Field(
        default=(), description="Types that its source names only to refuse them."
    )
    later: tuple[str, ...] = Field(
        default=(), description="Types that later kernels' loaders apply and that of 6.1 does not."
    )
    later_release: str = Field(
        default="", description="A release whose loader was seen to apply the types of later."
    )
    sections: tuple[str, ...] = Field(
        default=(), description="Sections that a module has to have, for the loader's own tables."
    )
    zero_symbols: Literal["applied", "refused"] = Field(
        default="applied", description="What it does where a symbol's value is 0."
    )
    empty_places: bool = Field(
        default=False, description="A place that does not hold zeros is refused."
    )
    got_entries: int = Field(default=0, ge=0, description="The most that its table has, 0: no end.")
    addresses: Text | None = Field(
        default=None, description="Where modules are: why unfit and far are so, with the source."
    )
    rules: dict[str, RelocationRule | tuple[RelocationRule, ...]] = Field(
        description="By type; where there are several, the first whose opcode is there."
    )

    def rules_of(self, name: str) -> tuple[RelocationRule, ...]:
        """Return the rules for the relocation ``name``, one at least."""
        return _listed(self.rules[name])


def _listed(rules: RelocationRule | tuple[RelocationRule, ...]) -> tuple[RelocationRule, ...]:
    """Return ``rules`` as a tuple."""
    return rules if isinstance(rules, tuple) else (rules,)


class Common(_Frozen):
    """What holds for every architecture."""

    abi_flags: tuple[Flag, ...] = Field(
        description="Flags of the kernel's top Makefile that change the ABI; they come first."
    )
    source: Text


class ArchEntry(_Frozen):
    """One architecture as the file has it; :class:`Arch` is the same, ready for use."""

    title: Text = Field(description="The name as people write it.")
    aliases: tuple[Name, ...] = Field(default=(), description="Other names that people use.")
    kernel_arch: Name = Field(description="The kernel's ARCH.")
    triples: tuple[Triple, ...] = Field(
        min_length=1, description="Prefixes of the cross tools, the preferred one first."
    )
    rust_arch: Name = Field(description="What cfg(target_arch) is.")
    package: str | None = Field(
        pattern=r"^[a-z0-9][a-z0-9+.-]+$", description="Debian's package of the compiler, or null."
    )
    advice: Text | None = Field(
        default=None, description="What to do where no package has the compiler."
    )
    abi_flags: tuple[Flag, ...] = Field(
        description="Flags that change the ABI, for use where no kernel tree is at hand."
    )
    abi_source: Text = Field(description="The kernel files that the flags come from.")
    rust_flags: tuple[RustFlag, ...] = Field(default=(), description="Deviations.")
    no_float: Text | None = Field(
        default=None,
        description="Why functions that use floating point are left out of the transpiled C: a "
        "GCC that cannot compile them with the kernel's flags.",
    )
    no_link: Text | None = Field(
        default=None,
        description="Why no object or module can be linked for it yet: all and installed leave "
        "it out.",
    )
    elf: Elf
    fixed_registers: tuple[FixedRegister, ...] = ()
    relocations: dict[str, Annotated[int, Field(ge=0, le=0xFF)]] = Field(
        min_length=1, description="Name and number of each relocation the module loader applies."
    )
    relocations_source: Text
    loader: Loader
    qemu: Qemu
    reference: bool = Field(
        default=False, description="rustc reaches it too; it is here to compare with."
    )
    gcc_only: GccOnly | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.package is None) != (self.advice is not None):
            raise ValueError("exactly one of package and advice must be given")
        if self.reference == (self.gcc_only is not None):
            raise ValueError("give gcc_only, or reference: true, and not both")
        for fixed in self.fixed_registers:
            if fixed.flag is not None and fixed.flag not in self.abi_flags:
                raise ValueError(f"{fixed.flag} reserves a register and is not in abi_flags")
        if len(set(self.relocations.values())) != len(self.relocations):
            raise ValueError("two relocations have the same number")
        if set(self.relocations) != set(self.loader.rules):
            odd = sorted(set(self.relocations) ^ set(self.loader.rules))
            raise ValueError(f"in only one of relocations and loader.rules: {', '.join(odd)}")
        rules = [rule for one in self.loader.rules.values() for rule in _listed(one)]
        if any(
            isinstance(one, tuple) and (not one or one[-1].opcode)
            for one in self.loader.rules.values()
        ):
            raise ValueError("the last of several loader.rules is for every opcode: give it none")
        if self.loader.addresses is None and any(rule.unfit or rule.far for rule in rules):
            raise ValueError("loader.addresses has to say why unfit and far are so")
        return self


class Arch(ArchEntry):
    """An architecture: its entry, its name, and ``abi_flags`` with the common ones in front."""

    name: Name

    def __hash__(self) -> int:
        """Hash by name: the mapping of relocations has no hash of its own."""
        return hash(self.name)

    @property
    def all_flags(self) -> tuple[str, ...]:
        """The flags for C that comes from Rust: ``abi_flags``, then those of ``rust_flags``."""
        return self.abi_flags + tuple(rust.flag for rust in self.rust_flags)


class ToolchainsFile(_Frozen):
    """The whole of ``toolchains.yaml``."""

    common: Common
    workarounds: tuple[Workaround, ...] = ()
    compiler_faults: tuple[CompilerFault, ...] = ()
    architectures: dict[Name, ArchEntry] = Field(min_length=1)
