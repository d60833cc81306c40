# SPDX-License-Identifier: GPL-2.0-only
"""Frames, chains of calls and their limits, from listings written by hand: no compiler runs."""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.toolchains.load import load
from pipeline.validate import callgraph, disassembly, stack, stack_usage
from pipeline.validate.callgraph import graph
from pipeline.validate.calls import branch_target
from pipeline.validate.disassembly import Instruction
from pipeline.validate.elf import Object
from pipeline.validate.finding import Finding, Severity, Skipped
from pipeline.validate.frames import Frame, frames, measured
from pipeline.validate.listing import Function, Listing, functions
from pipeline.validate.reference import Reference, for_arch
from pipeline.validate.stack_limits import Limits
from pipeline.validate.stack_rules import STACKS
from tests.unit.elf_writer import Elf, Sec, Sym

if TYPE_CHECKING:
    from pathlib import Path

TOOLCHAINS = load()
STEP = 4


def listed(folder: Path, arch: str, **code: str) -> tuple[Object, Reference]:
    """Return an object whose listing is ``code``: by function, instructions between newlines.

    Each takes four bytes.  ``&name`` in an operand is the address of a function.
    """
    elf = TOOLCHAINS.get(arch).elf
    bodies = {name: [line for line in text.split("\n") if line] for name, text in code.items()}
    starts, size = {}, 0
    for name, lines in bodies.items():
        starts[name] = size
        size += STEP * len(lines)
    symbols = [
        Sym(name, ".text", starts[name], STEP * len(lines), type=2)
        for name, lines in bodies.items()
    ]
    path = folder / "object.o"
    path.write_bytes(
        Elf(
            machine=elf.machine,
            bits=elf.bits,
            order=elf.byte_order,
            sections=[Sec(".text", bytes(size), flags=6)],
            symbols=symbols,
        ).build()
    )
    obj = Object.read(path)
    lines = [line for body in bodies.values() for line in body]
    lines = [re.sub(r"&(\w+)", lambda one: f"{starts.get(one[1], size):x}", one) for one in lines]
    text = "Disassembly of section .text:\n" + "".join(
        f"{STEP * at:x}:\t{line}\n" for at, line in enumerate(lines)
    )
    found = disassembly._read(text, [obj.sections[1]])
    obj.derived["listing"] = Listing("", found, functions(obj), {})
    return obj, for_arch(TOOLCHAINS.get(arch), None)


def sizes(folder: Path, arch: str, code: str) -> Frame:
    obj, reference = listed(folder, arch, f=code)
    (found,) = measured(obj, reference).values()
    return found


ALPHA_PROBES = (
    "lda t9,5\nlda t8,4096(sp)\nstq zero,-8192(t8)\nsubq t9,0x1,t9\nlda t8,-8192(t8)\n"
    "bne t9,8 <f+0x8>\nlda sp,-3152(t8)\nret"
)
# Prologues and epilogues as GCC 12 writes them, with what -fstack-usage says of them.
CASES = [
    ("alpha", "lda sp,-128(sp)\nstq ra,0(sp)\nlda sp,128(sp)\nret", 128),
    ("alpha", "ldah sp,-1(sp)\nlda sp,-8(sp)\nret", 65544),
    ("alpha", ALPHA_PROBES, 40016),
    ("arc", "push_s blink\npush_s r13\nsub sp,sp,0x9c40\npop_s r13\nj_s [blink]", 40008),
    ("arc", "st.aw fp,[sp,-4]\nenter_s [r13-r15,fp,blink]\nj_s [blink]", 24),
    ("csky", "push r4-r6,r15\nsubi sp,sp,8\naddi sp,sp,8\npop r4-r6,r15", 24),
    ("m68k", "linkw %fp,#-40\nmoveml %d2-%d4/%a2,%sp@-\npea 4\nunlk %fp\nrts", 64),
    ("m68k", "lea %sp@(-400),%sp\nmovel %d0,%sp@-\naddql #4,%sp\nlea %sp@(400),%sp\nrts", 404),
    ("microblaze", "addik r1,r1,-32\naddik r1,r1,32\nrtsd r15,8\nor r0,r0,r0", 32),
    ("mips", "addiu sp,sp,-32\nli t0,64\nsubu sp,sp,t0\njr ra\naddiu sp,sp,32", 96),
    ("nios2", "addi sp,sp,-16\naddi sp,sp,16\nret", 16),
    ("openrisc", "l.movhi r13,0xfffa\nl.ori r13,r13,0x6570\nl.add r1,r1,r13\nl.jr r9", 367248),
    ("parisc", "addil L%9800,sp,r1\nldo 480(r1),sp\nbv,n r0(rp)", 40064),
    ("parisc", "stw,ma r3,40(sp)\nbv r0(rp)\nldw,mb -40(sp),r3", 64),
    ("parisc64", "std,ma r4,80(sp)\nbve (rp)\nldd,mb -80(sp),r4", 128),
    ("powerpc", "mr r12,r1\nlis r0,-1\nori r0,r0,0x63b0\nstwux r1,r1,r0\nmr r1,r12\nblr", 40016),
    ("riscv64", "add sp,sp,-48\nlui t0,0xffff6\nadd t0,t0,976\nadd sp,sp,t0\nret", 40032),
    ("s390x", "stmg %r11,%r15,88(%r15)\nlay %r15,-160(%r15)\nlmg %r11,%r15,248(%r15)", 160),
    ("sh", "mov.l r8,@-r15\nsts.l pr,@-r15\nadd #-48,r15\nadd #48,r15\nrts\nnop", 56),
    ("sparc64", "save %sp, -176, %sp\nreturn %i7 + 8\nnop", 176),
    ("x86_64", "push %rbx\nsub $0x9c40,%rsp\nadd $0x9c40,%rsp\npop %rbx\nret", 40016),
    ("xtensa", "entry a1,48\nretw.n", 48),
]


@pytest.mark.parametrize(("arch", "code", "size"), CASES)
def test_a_frame_is_what_the_stack_pointer_moves_by(
    tmp_path: Path, arch: str, code: str, size: int
) -> None:
    assert sizes(tmp_path, arch, code).size == size


def test_every_architecture_has_a_table() -> None:
    assert set(TOOLCHAINS) == set(STACKS)


def test_the_deepest_way_counts_and_a_branch_takes_the_depth_with_it(tmp_path: Path) -> None:
    code = "tstl %d0\nbeqs 10 <f+0x10>\nlea %sp@(-64),%sp\nbras 14\nrts\nlea %sp@(64),%sp\nrts"
    frame = sizes(tmp_path, "m68k", code)
    assert (frame.size, frame.dynamic) == (64, False)


def test_what_follows_a_jump_through_a_table_keeps_the_frame(tmp_path: Path) -> None:
    code = "push_s blink\nj_s [r1]\npush_s r13\npop_s r13\npop_s blink\nj_s [blink]"
    assert sizes(tmp_path, "arc", code).size == 8


def test_an_amount_that_the_run_decides_is_named(tmp_path: Path) -> None:
    frame = sizes(tmp_path, "alpha", "lda sp,-32(sp)\nsubq sp,t0,t1\nmov t1,sp\nret")
    assert (frame.size, frame.dynamic) == (32, True)


def test_a_write_that_is_not_understood_makes_the_frame_unknown(tmp_path: Path) -> None:
    obj, reference = listed(tmp_path, "m68k", f="linkw %fp,#-8\nmovel %a0@,%sp\nrts")
    assert frames(obj, reference) == {"f": None}
    (note,) = (one for one in found(obj, reference, "stack.unknown") if "not known" in one.evidence)
    assert "movel %a0@,%sp" in note.evidence


def test_a_value_from_memory_is_not_taken_for_the_old_one(tmp_path: Path) -> None:
    frame = sizes(tmp_path, "mips", "li t0,64\nlw t0,0(a0)\nsubu sp,sp,t0\njr ra\nnop")
    assert (frame.size, frame.dynamic) == (0, True)


def found(obj: Object, reference: Reference, check: str) -> list[Finding]:
    return [one for one in stack.CHECKS[check](obj, reference) if isinstance(one, Finding)]


CHAIN = {
    "init_module": "linkw %fp,#-96\nbsrl &middle\nunlk %fp\nrts",
    "middle": "lea %sp@(-200),%sp\nbsrl &leaf\nlea %sp@(200),%sp\nbral &tail",
    "leaf": "lea %sp@(-300),%sp\nlea %sp@(300),%sp\nrts",
    "tail": "lea %sp@(-400),%sp\nlea %sp@(400),%sp\nrts",
}


def test_a_chain_has_the_frames_and_the_return_addresses(tmp_path: Path) -> None:
    obj, reference = listed(tmp_path, "m68k", **CHAIN)
    calls = graph(obj, reference)
    assert [root.name for root in calls.roots] == ["init_module"]
    (root,) = calls.roots
    # link pushes %fp; a call pushes four bytes; a jump for good gives the frame back first.
    assert calls.deepest[root] == (4 + 96) + 4 + 200 + 4 + 300
    assert [one.name for one, _ in calls.chain(root)] == ["init_module", "middle", "leaf"]
    assert sum(size for _, size in calls.chain(root)) == calls.deepest[root]


def test_recursion_and_calls_through_pointers_are_named(tmp_path: Path) -> None:
    obj, reference = listed(
        tmp_path,
        "m68k",
        ping="pea 4\nbsrl &pong\naddql #4,%sp\nrts",
        pong="bsrl &ping\nrts",
        other="jsr %a0@\njsr %a1@\nrts",
    )
    texts = [one.evidence for one in found(obj, reference, "stack.unknown")]
    assert "2 calls through pointers: other" in texts
    assert "can come to call themselves: ping, pong" in texts


def test_a_long_chain_needs_no_recursion_here(tmp_path: Path) -> None:
    count = 3000
    code = {f"f{at}": f"pea 4\nbsrl &f{at + 1}\nrts" for at in range(count)}
    obj, reference = listed(tmp_path, "m68k", **code)
    calls = graph(obj, reference)
    # The last one calls what is not there.
    assert calls.deepest[calls.roots[0]] == 8 * (count - 1) + 4


@pytest.mark.parametrize(
    ("limit", "check", "severity"),
    [
        (Limits(8192, 0), "stack.frame", None),
        (Limits(8192, 350), "stack.frame", Severity.WARNING),
        (Limits(350, 0), "stack.frame", Severity.ERROR),
        (Limits(8192, 0), "stack.chain", Severity.NOTE),
        (Limits(1000, 0), "stack.chain", Severity.WARNING),
        (Limits(600, 0), "stack.chain", Severity.ERROR),
    ],
)
def test_limits_decide_how_bad_it_is(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    limit: Limits,
    check: str,
    severity: Severity | None,
) -> None:
    monkeypatch.setattr(stack, "limits", lambda _reference: limit)
    obj, reference = listed(tmp_path, "m68k", **CHAIN)
    assert [one.severity for one in found(obj, reference, check)] == (
        [severity] if severity else []
    )


@pytest.mark.parametrize(
    ("before", "severity"),
    [
        ("beqs &leaf", Severity.WARNING),
        ("beqs 10", Severity.WARNING),
        ("tstl %d0", Severity.ERROR),
        ("bsrl &tail", Severity.ERROR),
    ],
)
def test_a_chain_that_not_every_run_takes_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str, severity: Severity
) -> None:
    monkeypatch.setattr(stack, "limits", lambda _reference: Limits(600, 0))
    entry = CHAIN["init_module"].replace("bsrl", f"{before}\nbsrl")
    obj, reference = listed(tmp_path, "m68k", **{**CHAIN, "init_module": entry})
    (one,) = found(obj, reference, "stack.chain")
    assert one.severity is severity
    assert one.meaning.startswith("if a run comes") == (severity is Severity.WARNING)


def test_many_chains_as_bad_are_one_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack, "limits", lambda _reference: Limits(1000, 0))
    other = {"cleanup_module": CHAIN["init_module"]}
    obj, reference = listed(tmp_path, "m68k", **CHAIN, **other)
    (one,) = found(obj, reference, "stack.chain")
    assert one.severity is Severity.WARNING
    assert one.evidence.endswith("; so do 1 more")


def test_without_a_tree_the_figures_are_noted_and_the_comparison_is_skipped(tmp_path: Path) -> None:
    obj, reference = listed(tmp_path, "m68k", **CHAIN)
    (skip, note) = stack.CHECKS["stack.chain"](obj, reference)
    assert isinstance(skip, Skipped)
    assert isinstance(note, Finding)
    assert (note.severity, "608 bytes" in note.evidence) == (Severity.NOTE, True)
    (frame,) = stack.CHECKS["stack.frame"](obj, reference)
    assert isinstance(frame, Skipped)


SU = (
    "a.c:1:5:f\t4000\tstatic\n"
    "b.c:2:5:copy.constprop\t64\tdynamic,bounded\n"
    "b.c:9:1:grows\t8\tdynamic\nnot a line\nx:1:1:huge\t99999999999999999999\tstatic\n"
)


def test_su_files_are_read_and_clones_are_found(tmp_path: Path) -> None:
    path = tmp_path / "a.su"
    path.write_text(SU)
    known = stack_usage.read([path, tmp_path / "absent.su"])
    assert set(known) == {"f", "copy.constprop", "grows"}
    assert [one.size for one in stack_usage.usages(known, "copy.constprop.3")] == [64]
    assert stack_usage.usages(known, "grows")[0].unbounded
    assert stack_usage.usages(known, "copy") == ()


def test_what_gcc_says_fills_in_a_frame_that_is_not_understood(tmp_path: Path) -> None:
    path = tmp_path / "a.su"
    path.write_text(SU)
    obj, reference = listed(tmp_path, "m68k", f="movel %a0@,%sp\nrts")
    reference = dataclasses.replace(reference, stack_usage=(path,))
    assert frames(obj, reference) == {"f": 4000}


def test_the_lines_of_a_link_are_those_of_its_symbols(tmp_path: Path) -> None:
    (tmp_path / "a.su").write_text(SU)
    kept = stack_usage.joined([tmp_path / "a.o", tmp_path / "b.o"], ["f", "copy.constprop.0"])
    assert [line.split("\t")[0] for line in kept.splitlines()] == [
        "a.c:1:5:f",
        "b.c:2:5:copy.constprop",
    ]


def parsed(text: str, folder: Path) -> list[Instruction]:
    obj, _ = listed(folder, "arc", f="nop_s")
    found: dict[int, Any] = defaultdict(list)
    text = disassembly._WARNING.sub("", text)
    found.update(disassembly._read(text, [obj.sections[1]]))
    return list(found[1])


@pytest.mark.parametrize("goal", ["18 <f+0x18>", "0x18"])
def test_a_branch_of_arc_names_its_goal(tmp_path: Path, goal: str) -> None:
    text = f"Disassembly of section .text:\n  10:\tbrne_s\tr0,0,8\t;{goal}\n"
    (branch,) = parsed(text, tmp_path)
    assert (branch.address, branch.operands[:2], branch_target(branch)) == (16, ("r0", "0"), 24)


def test_a_warning_of_objdump_in_the_middle_of_a_line_is_no_instruction(tmp_path: Path) -> None:
    text = (
        "Disassembly of section .text:\n  36e:\t\nWarning: disassembly may be wrong due to guessed "
        "opcode class choice.\nUse -M<class[,class]> to select the correct opcode class(es).\n"
        "\t\t\t\tmacf\tr4,r2,r41\n"
    )
    assert [one.mnemonic for one in parsed(text, tmp_path)] == ["macf"]


def test_the_exchange_by_restart_of_sh_moves_no_stack(tmp_path: Path) -> None:
    code = "mov.l r8,@-r15\nmov r15,r1\nmov #-8,r15\nmov.l @r4,r0\nmov r1,r15\nmov.l @r15+,r8\nrts"
    assert sizes(tmp_path, "sh", code) == Frame(4, leaves={24: 0})


def test_comments_and_names_are_no_operands(tmp_path: Path) -> None:
    text = "Disassembly of section .text:\n 8:\tlea\t0x0(,%rax,8),%rdi        # 10 <a b>\n"
    assert parsed(text, tmp_path)[0].operands == ("0x0(,%rax,8)", "%rdi")


def test_what_objdump_says_beside_the_code_is_no_instruction(tmp_path: Path) -> None:
    text = "objdump: a.o:\twarning\nDisassembly of section .text:\n 8:\tnop_s\n"
    assert [one.mnemonic for one in parsed(text, tmp_path)] == ["nop_s"]


def table(folder: Path, end: str) -> list[str]:
    """Return what is left of a listing with an m68k jump table that ends in ``end``."""
    content = bytes.fromhex("4efb 0002 0006 0008 0000 4e71 4e75".replace(" ", ""))
    path = folder / "table.o"
    path.write_bytes(Elf(sections=[Sec(".text", content, flags=6)]).build())
    obj = Object.read(path)
    first = "0:\tjmp %pc@(4,%d0:w)\n 4:\torib #8,%d6\n"
    once = "Disassembly of section .text:\n " + first + end
    fake = folder / "objdump"
    fake.write_text(f"#!/bin/sh\necho run >> {folder}/runs\ncat {folder}/said\n")
    fake.chmod(0o755)
    (folder / "said").write_text(once)
    found = disassembly.disassemble(obj, fake)
    return [f"{one.address:x} {one.mnemonic}" for one in found[1]]


def test_a_jump_table_is_taken_out_without_another_run_where_objdump_is_in_step(
    tmp_path: Path,
) -> None:
    # Two entries lead to byte 10 and byte 12 of the section; the table ends where code begins.
    left = table(tmp_path, " 8:\torib #113,%d0\n a:\tnop\n c:\trts\n")
    assert left == ["0 jmp", "4 nop", "6 nop", "8 nop", "a nop", "c rts"]
    assert (tmp_path / "runs").read_text() == "run\n"


def test_objdump_runs_again_where_an_instruction_goes_past_a_table(tmp_path: Path) -> None:
    table(tmp_path, " 8:\torib #113,%d0\n c:\trts\n")
    assert (tmp_path / "runs").read_text().count("run") > 1


def test_a_relocation_behind_the_last_instruction_calls_nothing() -> None:
    code = Listing("", {1: (Instruction(1, 0, "nop", ()),)}, (), {})
    caller = Function("f", 1, 0, 8)
    assert callgraph._nearby(code, caller, 4) is None
    assert callgraph._nearby(code, caller, 0) is None
