#!/usr/bin/env python3
"""Fails when the documentation has lost touch with the tables of the code.

usage: check_docs.py SOURCE-DIRECTORY
  verbs    every row of apps/paraph/table.cpp, with its options, stands in paraph.1, and nothing else does
  floors   the floor table of ARCHITECTURE.md says of every module what lib/CMakeLists.txt says
  spool    the states, with their files, and arrows of lib/spool/states.h stand in ARCHITECTURE.md and in spool.7, and no others
  effects  a parameter whose row has help is asked for somewhere, one whose row has none is not
  reasons  the rows of lib/smime/reasons.cpp are those of paraph-reasons.7: code, status, method and both sentences
  proofs   SECURITY.md has a row for each attack and rule; every test that it names exists; its counts are those of its rows
  expected every reason is expected by a case of tests/vectors or an end-to-end test
  links    every relative link in a *.md file leads to something
Names what is missing, one a line. Finding nothing to check is a failure too.
"""
import pathlib
import re
import sys

KNOWN_STATES = {"S1", "S2", "S3", "S4", "S5", "S6", "B1", "B2"}
NOT_OURS = {"build", "demo", ".git"}


def read(path, faults):
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        faults.append(f"{path}: {error.strerror}")
        return ""


def verb_rows(text):
    """{"site create": {"domain", "cafile", …}, …} from the rows of the verb table."""
    heads = list(re.finditer(r'\{"([^"]+)", R::\w+,', text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    options = re.compile(r'\{"([^"]+)", "[^"]*", "[^"]*"\}')
    return {head[1]: set(options.findall(text[head.end():end])) for head, end in zip(heads, ends)}


def manual_verbs(text):
    """The same from the manual: `.It Cm VERB …`, with the `.It Fl -OPTION` that follow it."""
    verbs, current = {}, None
    for line in text.splitlines():
        verb = re.match(r"\.It Cm ((?:[a-z]+ ?)+)", line)
        option = re.match(r"\.It Fl -?([a-z][a-z-]*)", line)
        if verb:
            current = verb[1].strip()
            verbs[current] = set()
        elif line.startswith((".Sh", ".Ss")):
            current = None
        elif option and current:
            verbs[current].add(option[1])
    return verbs


def check_verbs(source, faults):
    rows = verb_rows(read(source / "apps/paraph/table.cpp", faults))
    manual = manual_verbs(read(source / "apps/paraph/paraph.1", faults))
    for verb, options in rows.items():
        if verb not in manual:
            faults.append(f"apps/paraph/paraph.1: no verb '{verb}'")
            continue
        faults += [f"apps/paraph/paraph.1: '{verb}' without --{name}" for name in sorted(options - manual[verb])]
        faults += [f"apps/paraph/paraph.1: '{verb}' has no --{name}" for name in sorted(manual[verb] - options)]
    faults += [f"apps/paraph/paraph.1: there is no verb '{verb}'" for verb in sorted(manual.keys() - rows.keys())]
    if sum(len(options) for options in rows.values()) < len(rows) / 2:
        faults.append("apps/paraph/table.cpp: hardly an option was found; has the form of the rows changed?")
    return len(rows)


def check_floors(source, faults):
    rows = re.findall(r"^paraph_module\((\w+)\s*(?:DEPENDS ([^)]*?))?\s*(?:LINKS [^)]*)?\)",
                      read(source / "lib/CMakeLists.txt", faults), re.M)
    table = {}
    for line in read(source / "ARCHITECTURE.md", faults).splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        module = re.fullmatch(r"`(\w+)`", cells[1]) if len(cells) >= 4 and cells[0].isdigit() else None
        if module:
            table[module[1]] = set(re.findall(r"\w+", cells[3]))
    for name, depends in rows:
        if name not in table:
            faults.append(f"ARCHITECTURE.md: module '{name}' is missing from the floor table")
        elif table[name] != set(depends.split()):
            faults.append(f"ARCHITECTURE.md: '{name}' may use {' '.join(depends.split()) or 'nothing'}, "
                          "says lib/CMakeLists.txt")
    faults += [f"ARCHITECTURE.md: there is no module '{name}'" for name in sorted(table.keys() - {row[0] for row in rows})]
    return len(rows)


def spool_table(source, faults):
    """([(code, files, meaning)], [(from, to, verb, by)]) from lib/spool/states.h."""
    text = read(source / "lib/spool/states.h", faults)
    words = dict(zip(("queue", "incoming", "distribute", "person"), re.findall(r'"(paraph-\w+|a person)"', text)))
    states = re.findall(r'StateRow\{"([^"]*)",\s*"([^"]*)",\s*"([^"]*)"\}', text)
    arrows = re.findall(r'ArrowRow\{"([^"]*)",\s*"([^"]*)",\s*By::(\w+),\s*"([^"]*)"\}', text)
    return states, [(start, end, verb, words.get(by, by)) for start, end, by, verb in arrows]


def files_of(cell):
    """The files of a state without how they are joined: "a + .b, c", "Pa a , .b , Pa c" in mdoc. The same for both."""
    return re.split(r"\s*[,+]\s*", re.sub(r"\b(?:Pa|No) ", "", cell).strip())


def check_spool(source, faults):
    states, arrows = spool_table(source, faults)
    codes = {state[0] for state in states}
    faults += [f"lib/spool/states.h: state {state} is missing" for state in sorted(KNOWN_STATES - codes)]
    faults += [f"lib/spool/states.h: an arrow leads from {arrow[0]} to {arrow[1]}"
               for arrow in arrows if not set(arrow[:2]) <= codes | {"-"}]
    cells = [tuple(cell.strip() for cell in line.strip("|").split("|"))
             for line in read(source / "ARCHITECTURE.md", faults).splitlines() if line.startswith("|")]
    manual = read(source / "lib/spool/spool.7", faults)
    said = dict(re.findall(r"^\.It ([SBH]\d): (.*)$", manual, re.M))
    ways = [tuple(line.split(None, 3)) for line in manual.splitlines() if re.match(r"(?:[SBH]\d|-) +(?:[SBH]\d|-) ", line)]
    for path, found, rows in (("ARCHITECTURE.md", [row for row in cells if re.fullmatch(r"[SBH]\d", row[0]) and len(row) == 3], states),
                              ("ARCHITECTURE.md", [row for row in cells if len(row) == 4 and re.fullmatch(r"[SBH]\d|-", row[0])], arrows),
                              ("lib/spool/spool.7", ways, arrows)):
        faults += [f"{path}: '{' | '.join(row)}' is missing" for row in rows if row not in found]
        faults += [f"{path}: '{' | '.join(row)}' is not in lib/spool/states.h" for row in found if row not in rows]
    faults += [f"lib/spool/spool.7: state {code} is missing" for code in sorted(codes - said.keys())]
    faults += [f"lib/spool/spool.7: there is no state {code}" for code in sorted(said.keys() - codes)]
    faults += [f"lib/spool/spool.7: state {code} is {', '.join(files_of(files))}, says lib/spool/states.h"
               for code, files, _ in states if code in said and files_of(said[code]) != files_of(files)]
    return len(states) + len(arrows) if states and arrows else 0


def asked_parameters(source):
    """Names that the code asks a Site or a ListConfig for: get("NAME"…), path_of("NAME"), …"""
    ask = re.compile(r'\b(?:get|get_list|number|path_of|written)\(\s*"([a-z0-9_.]+)"')
    asked = set()
    for folder in ("lib", "apps"):
        for path in (source / folder).rglob("*.[ch]*"):
            if path.suffix in (".cpp", ".h"):
                asked |= set(ask.findall(path.read_text(encoding="utf-8")))
    return asked


def check_effects(source, faults):
    """The convention of Parameter::help, which paraph.conf(5) and the warnings rest on."""
    own = read(source / "lib/config/parameters.cpp", faults)
    rows = re.findall(r'^ *\{"([a-z0-9_.]+)", \w+, "([^"]*)", "([^"]*)", "([^"]*)"', own, re.M)
    without = re.findall(r'^ *\{"([a-z0-9_.]+)", \w+, "', read(source / "lib/config/sympa_parameters.cpp", faults), re.M)
    asked = asked_parameters(source)
    asked |= {name for row in rows for name in re.findall(r"\$(\w+)", row[2])}
    # The spools, and what paraph-queue looks for, are tables of their own.
    tables = read(source / "lib/config/site.cpp", faults) + read(source / "lib/config/queue_directory.cpp", faults)
    for name, kind, _, text in rows:
        known = name in asked or f'"{name}"' in tables or kind.startswith("scenario:") or text.startswith("A record:")
        if not known:
            faults.append(f"lib/config/parameters.cpp: nobody asks for '{name}', so its row belongs to sympa_parameters.cpp")
    faults += [f"lib/config/sympa_parameters.cpp: '{name}' has an effect, so its row belongs to parameters.cpp"
               for name in without if name in asked]
    return len(rows) if without else 0


def reason_rows(text):
    """[(code, status, denies, for members, for administrators)] from lib/smime/reasons.cpp."""
    sentence = r'((?:\s*"(?:[^"\\]|\\.)*")+)'
    rows = re.findall(r'\{Reason::\w+,\s*"(\w+)",\s*(?:SignatureStatus::)?(\w+),\s*(kDenies|kRemark),' + sentence + "," + sentence + r"\}",
                      text)
    joined = lambda literals: "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literals))
    return [(code, status, denies == "kDenies", joined(members), joined(administrators))
            for code, status, denies, members, administrators in rows]


def manual_reasons(text):
    """The same from the manual: `.It Li CODE`, `STATUS, METHOD.`, the two sentences each behind a `.Pp` or `.br`."""
    plain = lambda lines: re.sub(r"\\-", "-", " ".join(lines)).replace("\\&", "")
    rows = []
    for block in re.split(r"^\.It Li ", text, flags=re.M)[1:]:
        lines = block.split("\n.El")[0].splitlines()
        fields = [[]]
        for line in lines[2:]:
            if line in (".Pp", ".br"):
                fields.append([])
            else:
                fields[-1].append(line)
        status, method = re.fullmatch(r"(\w+), (\w+)\.", lines[1]).groups()
        rows.append((lines[0], status, method == "smtp", *(plain(field) for field in fields[1:])))
    return rows


def check_reasons(source, faults):
    rows = reason_rows(read(source / "lib/smime/reasons.cpp", faults))
    manual = manual_reasons(read(source / "lib/smime/paraph-reasons.7", faults))
    enumerated = re.search(r"enum class Reason[^{]*\{([^}]*)\}", read(source / "lib/smime/protection.h", faults))
    names = re.findall(r"^\s*(\w+),", enumerated[1], re.M) if enumerated else []
    if [row[0] for row in rows] != names:
        faults.append("lib/smime/reasons.cpp: the rows read here are not those of the enumeration; has their form changed?")
    faults += [f"lib/smime/paraph-reasons.7: '{row[0]}' does not say what lib/smime/reasons.cpp says" for row in rows
               if row not in manual]
    faults += [f"lib/smime/paraph-reasons.7: there is no reason '{row[0]}'" for row in manual
               if row[0] not in names]
    return len(rows)


def known_tests(source):
    """{"unit.cms": {case, …}, "vectors": {name, …}, "e2e.30-spine": set(), "fuzz.cms_open": set(), …}"""
    tests = {"layers": set(), "docs": set()}
    for folder in (source / "tests/unit").iterdir():
        text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*_test.cpp"))) if folder.is_dir() else ""
        cases = re.findall(r'TEST_CASE(?:_METHOD)?\((?:\s*\w+,)?\s*((?:"(?:[^"\\]|\\.)*"\s*)+)', text)
        tests[f"unit.{folder.name}"] = {"".join(re.findall(r'"((?:[^"\\]|\\.)*)"', case)) for case in cases}
    tests["vectors"] = {path.stem for path in (source / "tests/vectors/cases").glob("*.sh")}
    tests |= {f"e2e.{path.parent.name}": set() for path in (source / "tests/e2e").glob("*/run.sh")}
    tests |= {f"fuzz.{path.stem}": set() for path in (source / "tests/fuzz").glob("*.cpp") if path.stem != "replay"}
    return tests


def row_faults(name, cell, tests):
    """A cell names tests: `unit.cms` "a case", "another", `e2e.30-spine`. Nothing else in it is quoted."""
    faults, current = [], None
    for test, case in re.findall(r'`([^`]+)`|"([^"]+)"', cell.split("; open:")[0]):
        if test:
            current = test if test in tests else None
            faults += [] if current else [f"SECURITY.md: {name}: there is no test `{test}`"]
            if current and tests[current] and not re.search(re.escape(f"`{test}`") + ' "', cell):
                faults.append(f"SECURITY.md: {name}: which case of `{test}`?")
        elif current and case not in tests[current]:
            faults.append(f'SECURITY.md: {name}: {current} has no case "{case}"')
    return faults


def check_proofs(source, faults):
    text = read(source / "SECURITY.md", faults)
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in text.splitlines()
            if re.match(r"\| A?\d+ \|", line)]
    wanted = [f"A{n}" for n in range(1, 43)] + [str(n) for n in range(1, 49)]
    if [row[0] for row in rows] != wanted or any(len(row) != 4 for row in rows):
        faults.append("SECURITY.md: the rows are not A1 to A42 and 1 to 48, each of four cells")
    tests = known_tests(source)
    for name, state, _, cell in (row for row in rows if len(row) == 4):
        faults += row_faults(name, cell, tests)
        named = re.search(r"`(unit\.|vectors|e2e\.|fuzz\.|layers|docs)", cell)
        if state not in ("tested", "partly", "no test", "open", "later") or (state in ("tested", "partly")) > bool(named):
            faults.append(f"SECURITY.md: {name}: '{state}' is no state, or names no test")
        if (state in ("partly", "open")) != ("open:" in cell):
            faults.append(f"SECURITY.md: {name}: '{state}' and what is open disagree")
    for what, part in (("attacks", rows[:42]), ("rules", rows[42:])):
        states = [row[1] for row in part]
        said = ", ".join(f"{states.count(state)} {state}" for state in ("tested", "partly", "no test", "open", "later"))
        if f"Of the {what}: {said}." not in text:
            faults.append(f"SECURITY.md: it does not say 'Of the {what}: {said}.'")
    return len(rows)


def check_expected(source, faults):
    codes = [row[0] for row in reason_rows(read(source / "lib/smime/reasons.cpp", faults))]
    lines = [line for path in (source / "tests/vectors/cases").glob("*.sh") for line in path.read_text(encoding="utf-8").splitlines()
             if re.match(r"# (expect reasons|daemon) ", line)]
    lines += [line for path in (source / "tests/e2e").glob("*/run.sh") for line in path.read_text(encoding="utf-8").splitlines()
              if not line.lstrip().startswith("#")]
    words = set(re.findall(r"\w+", "\n".join(lines)))
    faults += [f"lib/smime/reasons.cpp: no vector and no end-to-end test expects '{code}'" for code in codes if code not in words]
    return len(codes)


def check_links(source, faults):
    checked = 0
    for page in sorted(source.rglob("*.md")):
        if NOT_OURS & set(page.relative_to(source).parts):
            continue
        for target in re.findall(r"\]\(([^)\s]+)\)", read(page, faults)):
            path = target.split("#")[0]
            if not path or re.match(r"[a-z]+:", path):
                continue
            checked += 1
            if not (page.parent / path).exists():
                faults.append(f"{page.relative_to(source)}: the link to {path} leads nowhere")
    return checked


def main():
    source = pathlib.Path(sys.argv[1])
    faults, counts = [], {}
    for what, check in (("verbs", check_verbs), ("modules", check_floors), ("states and arrows", check_spool),
                        ("effects", check_effects), ("reasons", check_reasons),
                        ("proofs", check_proofs), ("expected reasons", check_expected), ("links", check_links)):
        counts[what] = check(source, faults)
        if counts[what] == 0:
            faults.append(f"found no {what} to check: is {source} the right folder?")
    faults = list(dict.fromkeys(faults))
    print("\n".join(faults) if faults else ", ".join(f"{count} {what}" for what, count in counts.items()))
    return 1 if faults else 0


sys.exit(main())
