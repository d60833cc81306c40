# SPDX-License-Identifier: GPL-2.0-only
"""Booting without a kernel: results and faults in texts of consoles, the archive, the machine."""

from __future__ import annotations

import argparse
import gzip
import sys
import time
from typing import TYPE_CHECKING

import pytest

from pipeline.boot import result, verb
from pipeline.boot.faults import fault, unexpected_taint
from pipeline.boot.initramfs import initramfs
from pipeline.boot.judge import END, Judge, clean
from pipeline.boot.ktap import Document, Parser
from pipeline.boot.loader import Skip
from pipeline.boot.plan import Step, make_plan, plan_text, read_plan
from pipeline.boot.qemu import Limits, run_machine
from pipeline.boot.result import BootResult, ModuleResult
from pipeline.errors import ToolError, UserError
from pipeline.validate.finding import Finding, Severity, Sizes, Verdict, write

if TYPE_CHECKING:
    from pathlib import Path

# The example of Documentation/dev-tools/ktap.rst.
NESTED = """\
KTAP version 1
1..1
  KTAP version 1
  1..3
    KTAP version 1
    1..1
    # test_1: initializing test_1
    ok 1 test_1
  ok 1 example_test_1
    KTAP version 1
    1..2
    ok 1 test_1 # SKIP test_1 skipped
    ok 2 test_2
  ok 2 example_test_2
    KTAP version 1
    1..3
    ok 1 test_1
    # test_2: FAIL
    not ok 2 test_2
    ok 3 test_3 # SKIP test_3 skipped
  not ok 3 example_test_3
not ok 1 main_test
"""
# The oops of an m68k kernel 6.1 whose init loads a module that reads address 0x40.
OOPS = """\
derefs: loading out-of-tree module taints kernel.
derefs: reads 0x40
Unable to handle kernel NULL pointer dereference at virtual address (ptrval)
Oops: 00000000
Modules linked in: derefs(O+)
PC: [<080c73ce>] derefs_look+0x4/0x8 [derefs]
Process init (pid: 1, task=(ptrval))
Call Trace: [<080c91ce>] ferric_module_init+0x5e/0xa4 [derefs]
 [<00002134>] do_one_initcall+0x6e/0x192

Disabling lock debugging due to kernel taint
Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b
"""


def parsed(text: str) -> Document:
    parser = Parser()
    for line in text.splitlines():
        parser.feed(line)
    parser.end()
    (document,) = parser.documents
    return document


def test_nested_results_of_the_documentation() -> None:
    document = parsed(NESTED)
    (main,) = document.results
    assert main.description == "main_test"
    assert main.tests is not None
    assert [one.ok for one in main.tests.results] == [True, True, False]
    second = main.tests.results[1].tests
    assert second is not None
    assert second.results[0].skipped
    assert second.results[0].diagnostic == "test_1 skipped"
    assert document.failures() == ["main_test: example_test_3: not ok 2 test_2"]


def test_kunit_nests_without_a_version_line() -> None:
    text = (
        "TAP version 14\n1..1\n    # Subtest: example\n    1..2\n    # example_a: initializing\n"
        "    ok 1 - example_a\n    not ok 2 - example_b\n# example: pass:1 fail:1\n"
        "not ok 1 - example\n"
    )
    document = parsed(text)
    assert document.failures() == ["example: not ok 2 example_b"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("1..2\nok 1 a\n", "only 1 of 2 results came"),
        ("1..1\nok 1 a\nok 2 b\n", "result 2 is beyond the plan"),
        ("1..2\nok 1 a\nok 1 b\n", "number 1 where 2 was next"),
        ("1..2\nok 1 a\nok 3 b\n", "number 3 where 2 was next"),
        ("ok 1 a\n", "there is no plan (1..N)"),
        ("1..1\n1..2\nok 1 a\n", "a second plan, 1..2"),
        ("ok 1 a\n1..1\n", "the plan 1..1 comes after the first result"),
        ("1..1\nnot ok 1 a # TIMEOUT 30 seconds\n", "not ok 1 a (30 seconds)"),
        ("1..1\n  KTAP version 1\n  1..1\n  not ok 1 b\nok 1 a\n", "ok 1, though"),
        ("1..1\nBail out! no plan # errno=2 ENOENT\n", "Bail out! no plan # errno=2 ENOENT"),
        ("1..1\n  KTAP version 1\n  1..1\n  not ok 1 b\n", "without a result: not ok 1 b"),
    ],
)
def test_a_breach_of_the_form_is_a_failure(text: str, problem: str) -> None:
    failures = parsed(f"KTAP version 1\n{text}").failures()
    assert any(problem in one for one in failures), failures


def test_what_is_right_has_no_failures() -> None:
    text = "KTAP version 1\n1..3\nok 1 a # rcode=0\nnoise\nnot ok 2 b # SKIP no device\n# x\nok 3\n"
    document = parsed(text)
    assert document.complete
    assert document.failures() == []
    assert [one.description for one in document.results] == ["a", "b", ""]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b", "panic"),
        ("BUG: scheduling while atomic: init/1/0x00000002", "BUG"),
        ("kernel BUG at ferric_kernel.c:31!", "BUG"),
        ("WARNING: CPU: 0 PID: 1 at kernel/module/main.c:1 foo+0x0/0x4", "WARNING"),
        ("init(1): Oops 0", "Oops"),
        ("Unable to handle kernel paging request at virtual address 0000000000000040", "Oops"),
        ("hello: Unknown symbol cos (err -2)", "Unknown symbol"),
        ("hello: disagrees about version of symbol _printk", "symbol version"),
        ("hello: version magic '6.1.0 ' should be '6.1.192 '", "Invalid module format"),
        ("module hello: Unknown relocation: 77", "relocation"),
        ("rcu: INFO: rcu_sched self-detected stall on CPU", "RCU stall"),
        ("INFO: task init:1 blocked for more than 120 seconds.", "hung task"),
        ("KERNEL: Unaligned Access 0x00000041", "unaligned access"),
        ("Fixing up unaligned kernel access in \"init\" pid=1 pc=0x8c00", "unaligned access"),
        ("CPU: 0 PID: 1 Comm: init Tainted: G      D W  O       6.1.192 #1", "taint"),
        ("CPU: 0 PID: 1 Comm: init Tainted: G           O       6.1.192 #1", ""),
        ("hello: loading out-of-tree module taints kernel.", ""),
        ("hello: Hello, world! (1 of 1)", ""),
        ("Disabling lock debugging due to kernel taint", ""),
        ("rcu: Hierarchical SRCU implementation.", ""),
        ("audit: initializing netlink subsys (disabled)", ""),
    ],
)  # fmt: skip
def test_a_fault_is_known_by_its_line(line: str, what: str) -> None:
    assert fault(line) == what


def test_the_taint_of_an_out_of_tree_module_is_expected() -> None:
    assert unexpected_taint(0) == ""
    assert unexpected_taint(1 << 12) == ""
    assert unexpected_taint(1 << 12 | 1 << 9) == "W"
    assert unexpected_taint(1) == "P"


def judged(console: str, *steps: Step) -> Judge:
    judge = Judge(steps)
    for at, line in enumerate(console.splitlines()):
        judge.feed(line, float(at))
    judge.end()
    return judge


def test_steps_their_lines_and_their_times() -> None:
    console = (
        "Linux version 6.1.192\n[    0.5] KTAP version 1\r\n[    0.6][    T1] 1..2\n"
        "selftest: KTAP version 1\nselftest: 1..1\nselftest: ok 1 integers\nok 1 - load selftest\n"
        f"<6>[    1.0] ok 2 - unload selftest\n{END}\nreboot: Power down\nOops\n"
    )
    steps = (
        Step("load selftest", ("selftest",), ("1..1", "ok 1 integers")),
        Step("unload selftest", ("selftest",)),
    )
    judge = judged(console, *steps)
    assert judge.ended
    assert judge.faults == []
    assert [one.failures() for one in judge.outcomes] == [[], []]
    assert judge.outcomes[0].seconds == 5.0


def test_a_module_whose_own_results_are_incomplete_fails() -> None:
    console = (
        "KTAP version 1\n1..1\nselftest: KTAP version 1\nselftest: 1..2\nselftest: ok 1 a\n"
        f"ok 1 - load selftest\n{END}\n"
    )
    judge = judged(console, Step("load selftest", ("selftest",)))
    (failure,) = judge.outcomes[0].failures()
    assert failure == "selftest reports: only 1 of 2 results came"


def test_an_oops_is_told_with_its_lines_in_the_step_under_way() -> None:
    judge = judged(
        f"KTAP version 1\n1..2\nok 1 - mount proc /proc\n{OOPS}",
        Step("mount proc /proc"),
        Step("load derefs", ("derefs",)),
    )
    first, second = judge.outcomes
    assert first.failures() == []
    (one,) = second.faults
    assert one.what == "Oops"
    assert "PC: [<080c73ce>] derefs_look+0x4/0x8 [derefs]" in one.lines
    assert "Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b" in one.lines
    assert "“load derefs” did not come to its end" in second.failures()
    assert judge.where() == "in step 2 of 2, “load derefs”"


def test_a_text_that_nobody_said_and_one_in_the_wrong_order() -> None:
    console = f"KTAP version 1\n1..1\nhello: two\nhello: one\nok 1 - load hello\n{END}\n"
    judge = judged(console, Step("load hello", ("hello",), ("one", "two")))
    assert judge.outcomes[0].failures() == ["nothing said “two”"]


def test_what_init_quotes_is_no_fault() -> None:
    console = f"KTAP version 1\n1..1\n# Oops in a file\nok 1 - echo Oops\n{END}\n"
    assert judged(console, Step("echo Oops")).outcomes[0].failures() == []


def test_a_line_is_cleaned() -> None:
    assert clean("\x1b[0m[   12.345678][    T1] hello: x\r\n") == "hello: x"
    assert clean("[<0003a6c8>] module_put+0x0/0x50") == "[<0003a6c8>] module_put+0x0/0x50"


def test_the_archive_is_the_same_each_time_and_has_all() -> None:
    first = initramfs(b"\x7fELF", "echo x\n", {"b.ko": b"BB", "a.ko": b"A"})
    assert first == initramfs(b"\x7fELF", "echo x\n", {"a.ko": b"A", "b.ko": b"BB"})
    plain = gzip.decompress(first)
    assert len(plain) % 4 == 0
    names, at = [], 0
    while True:
        assert plain[at : at + 6] == b"070701"
        fields = [int(plain[at + 6 + 8 * i : at + 14 + 8 * i], 16) for i in range(13)]
        name = plain[at + 110 : at + 110 + fields[11] - 1].decode()
        names.append(name)
        if name == "TRAILER!!!":
            break
        assert fields[5] == 0  # the time
        at = -(-(at + 110 + fields[11]) // 4) * 4
        at = -(-(at + fields[6]) // 4) * 4
    expected = ["dev", "dev/console", "dev/kmsg", "init", "modules", "modules/a.ko", "modules/b.ko"]
    assert names == [*expected, "plan", "proc", "sys", "TRAILER!!!"]


def test_the_plan_has_each_module_and_neighbours_in_both_orders(tmp_path: Path) -> None:
    own = tmp_path / "boot.plan"
    own.write_text("# a comment\nload a x=1\nexpect one\nexpect two\nunload a\n")
    plan = make_plan(["a", "b"], {"a": read_plan(own, "a")})
    text = plan_text(plan).splitlines()[3:]
    assert text[:4] == ["load a x=1", "unload a", "load b", "unload b"]
    assert text[4:8] == ["load a x=1", "load b", "unload a", "unload b"]
    assert text[8:] == ["load b", "load a x=1", "unload b", "unload a"]
    assert plan[3].expect == ("one", "two")


@pytest.mark.parametrize("text", ["expect x\n", "lode a\n", "load\n", "load " + "x" * 800 + "\n"])
def test_a_plan_that_is_none_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    own = tmp_path / "boot.plan"
    own.write_text("\n" + text)
    with pytest.raises(UserError, match=r"boot\.plan:2"):
        read_plan(own, "a")


def machine(tmp_path: Path, program: str, limits: Limits) -> tuple[Judge, str]:
    judge = Judge([Step("load a", ("a",))])
    argv = [sys.executable, "-u", "-c", program]
    return judge, run_machine(argv, tmp_path / "log", judge, limits).stopped


def test_a_machine_that_says_nothing_is_ended_with_all_it_started(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    child = f"import time; time.sleep(3); open({str(mark)!r}, 'w')"
    program = (
        "import subprocess, sys, time\nprint('KTAP version 1')\n"
        f"subprocess.Popen([sys.executable, '-c', {child!r}])\ntime.sleep(60)\n"
    )
    began = time.monotonic()
    _, stopped = machine(tmp_path, program, Limits(silence=1.0, total=50.0))
    assert time.monotonic() - began < 10
    assert stopped == "no output for 1 s, in step 1 of 1, “load a”"
    time.sleep(3)
    assert not mark.exists()


def test_a_machine_that_never_ends_and_one_that_is_not_off(tmp_path: Path) -> None:
    program = "import time\nwhile True: print('x'); time.sleep(0.1)\n"
    _, stopped = machine(tmp_path, program, Limits(silence=5.0, total=1.0))
    assert stopped.startswith("no end after 1 s, before init began")
    program = f"import time\nprint('KTAP version 1\\n{END}')\ntime.sleep(60)\n"
    _, stopped = machine(tmp_path, program, Limits(silence=30.0, total=40.0, grace=0.5))
    assert stopped == "the plan has ended and the machine is still on"


def test_a_line_without_an_end_is_cut_and_a_flood_is_ended(tmp_path: Path) -> None:
    program = "import sys\nfor _ in range(40): sys.stdout.write('x' * (1 << 20))\n"
    judge, stopped = machine(tmp_path, program, Limits(silence=20.0, total=60.0))
    assert stopped == "more than 32 MiB of output"
    assert max(map(len, judge.lines)) <= 4096
    assert (tmp_path / "log").stat().st_size <= 32 << 20


def test_an_emulator_that_fails_is_an_error_with_its_words(tmp_path: Path) -> None:
    program = "import sys\nsys.exit('qemu: unsupported machine type')\n"
    with pytest.raises(ToolError, match="unsupported machine type"):
        machine(tmp_path, program, Limits())


def test_the_result_is_written_read_and_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = (
        ModuleResult(module="hello", state="ok", seconds=0.5),
        ModuleResult(module="bad", state="failed", reasons=("Oops: here",)),
    )
    made = BootResult(arch="m68k", transpiler="rustc", modules=rows, log="x.log", command="qemu")
    skip = ModuleResult(module="hello", state="skipped", reasons=("no emulator",))
    arc = BootResult(arch="arc", transpiler="rustc", modules=(skip,))
    path = tmp_path / "boot.json"
    result.write(made, path)
    assert result.read(path) == made
    assert result.exit_status([made, arc]) == 2
    assert result.exit_status([arc]) == 0
    result.print_boots([made, arc])
    shown = capsys.readouterr().out
    assert "Oops: here" in shown
    assert "failed m68k (rustc): bad" in shown
    assert "skipped arc (rustc): hello: no emulator" in shown
    result.print_boots([arc.model_copy(update={"transpiler": ""})])
    assert "skipped arc: hello: no emulator" in capsys.readouterr().out
    path.write_text("[]")
    with pytest.raises(UserError, match="not the result of a boot"):
        result.read(path)


def found_in(path: Path, *severities: Severity) -> Path:
    """Write what validate says of a module: one finding of each severity."""
    findings = tuple(Finding(f"a.{one}", one, "", "", "", "", "") for one in severities)
    write(Verdict(path, "arc", "", Sizes(0, 0, 0), findings, (), ()), path)
    return path


def booted(*argv: str) -> int:
    parser = argparse.ArgumentParser()
    verb.add_parser(parser.add_subparsers())
    return verb.main(parser.parse_args(["boot", *argv, "--arch", "arc"]))


def test_an_error_of_validate_is_not_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    warned = found_in(tmp_path / "w.json", Severity.WARNING)
    wrong = found_in(tmp_path / "e.json", Severity.ERROR, Severity.WARNING)
    modules = ["a.ko", "b-c.ko", f"--findings=a={warned}"]
    assert booted(*modules) == 0
    assert "validate" not in capsys.readouterr().out
    assert booted(*modules, f"--findings=b_c={wrong}") == 2
    assert "arc: b_c: validate found errors: a.error" in capsys.readouterr().out
    with pytest.raises(UserError, match="--findings c=x: not what was found in one of the modules"):
        booted(*modules, "--findings=c=x")


def test_an_error_that_a_skip_tells_is_that_skip() -> None:
    errors: dict[str, tuple[str, ...]] = {"a": ("relocations.type", "sections.tls")}
    told = frozenset(["relocations.type"])
    assert verb.skipped("a", Skip("too old", told), errors).errors == ("sections.tls",)
    assert verb.skipped("b", Skip("too old", told), errors).errors == ()
