#!/usr/bin/env python3
"""Fails when a lib/ module includes one that its row of lib/CMakeLists.txt does not name, when a
module stands below one that it uses, or when a vendor's header appears outside its one owner."""
import pathlib
import re
import sys

OWNERS = {"openssl/": "cms", "zlib.h": "cms", "sqlite3.h": "store", "mimetic/": "compose", "pcre2.h": "scenario",
          "idn2.h": "mail", "iconv.h": "mail", "boost/filesystem": "sys", "boost/program_options": None}

lib = pathlib.Path(sys.argv[1])
rows = re.findall(r"^paraph_module\((\w+)\s*(?:DEPENDS ([^)]*?))?\s*(?:LINKS [^)]*)?\)",
                  (lib / "CMakeLists.txt").read_text(), re.M)
declared, faults, seen = {}, [], 0
for name, deps in rows:
    above = set(deps.split()) - set(declared)
    if above:  # rows stand bottom-up, so this also rules out cycles
        faults.append(f"lib/CMakeLists.txt: {name} depends on {sorted(above)}, which stands above it")
    declared[name] = set(deps.split()) | {name}

for source in sorted(lib.rglob("*.[hc]*")):
    if source.suffix not in (".h", ".cpp"):
        continue
    module = source.relative_to(lib).parts[0]
    if module not in declared:
        faults.append(f"{source}: lib/{module} has no row in lib/CMakeLists.txt")
        continue
    seen += 1
    for header in re.findall(r'^\s*#\s*include\s+["<]([^">]+)', source.read_text(), re.M):
        top = header.split("/")[0]
        if top in declared and "/" in header and top not in declared[module]:
            faults.append(f"{source}: {header} (declare it in lib/CMakeLists.txt, or move the code)")
        for vendor, owner in OWNERS.items():
            if header.startswith(vendor) and module != owner:
                faults.append(f"{source}: {header} belongs in {'lib/' + owner if owner else 'apps/'}")
if len(declared) < 10 or seen < 10:
    faults.append(f"read only {len(declared)} modules and {seen} files: is {lib} the right folder?")
print("\n".join(faults) if faults else f"{len(declared)} modules, {seen} files, no include climbs")
sys.exit(1 if faults else 0)
