#!/usr/bin/env bash
# Scenario files made to hurt: large, deep, looping, in odd encodings, with regexes that explode, with search files of a
# million lines, with links and `..` in names. Each ends in an answer within a memory limit; the timeouts only keep a
# hanging program from hanging the test.
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"

make_ca
make_person alice rsa
make_person bob rsa
make_site
make_list secure alice@example.org
paraph member add secure alice@example.org bob@example.org >/dev/null
paraph cert import pki/alice.pem pki/bob.pem >/dev/null
scenari=site/list_data/secure/scenari
end='true() smtp,md5,smime -> reject'

# bounded COMMAND…: half a gigabyte of memory
bounded() { (ulimit -v 524288 && exec timeout 120 "$@"); }
# says "what" PATTERN CODE command…
says() {
  local what=$1 pattern=$2 want=$3 got=0
  shift 3
  bounded "$@" >said 2>&1 || got=$?
  grep -qE -- "$pattern" said || fail "$what: '$pattern' is not in: $(head -c 2000 said)"
  [ "$got" -eq "$want" ] || fail "$what: exit $got, wanted $want: $(head -c 2000 said)"
  ok
}
eval_it() { bounded paraph scenario eval send --list secure --sender "${1:-alice@example.org}" --json --auth smime "${@:2}" 2>said.err |
  python3 -c 'import json,sys; print(json.load(sys.stdin)["decision"])'; }
is() { [ "$2" = "$3" ] || fail "$1: '$2', wanted '$3': $(head -c 1000 said.err)"; ok; }

# --- size -----------------------------------------------------------------------------------------------------------
python3 - "$end" <<'PY'
import sys
end = sys.argv[1] + "\n"
rules = lambda n: "".join(f"equal([sender],'u{i}')smtp ->do_it\n".replace(")s", ") s") for i in range(n))
open("send.megabyte", "w").write("# " + "x" * 77 + "\n" + ("#" + "y" * 78 + "\n") * 13000 + end)
open("send.larger", "w").write("#" * 1048577 + "\n" + end)
few = "".join("!true() ->owner\n" for i in range(65000))
open("send.many", "w").write("include('many')\n" + few[:1000000 // 16 * 16] + end)
open("include.many", "w").write("!true() ->owner\n" * 35000)
open("send.toomany", "w").write("include('many')\ninclude('many')\ninclude('many')\n" + end)
open("send.oneline", "w").write("equal([sender]," + "'a'," * 250000 + ") -> do_it\n" + end)
open("send.deep", "w").write("!" * 1000000 + "true() -> do_it\n" + end)
open("send.regexes", "w").write("".join(f"match([sender],/^u{i}[a-z]+@x/) ->do_it\n" for i in range(25000)) + end)
PY
says "a megabyte" 'good$' 0 paraph scenario check send.megabyte
says "more than a megabyte" 'send.larger:1:1: error: larger than 1048576 octets' 65 paraph scenario check send.larger
says "hundred thousand rules: checked" 'never reached|never matches|good$|warning' 0 paraph scenario check send.many
bounded paraph scenario eval ./send.many --auth smtp --json >many.json 2>said.err || fail "100,000 rules: $(head -c 500 said.err)"; ok
python3 -c 'import json; d=json.load(open("many.json")); assert d["decision"] == "reject" and d["rule"]["number"] > 97000, d["rule"]' || fail "100,000 rules"; ok
says "too many rules" 'send.toomany|include.many.*more than 100000 rules' 65 paraph scenario check send.toomany
says "one long line" 'too many operands' 65 paraph scenario check send.oneline
says "a million negations" 'send.deep:1:[0-9]+: error' 65 paraph scenario check send.deep
says "25,000 regexes" 'good$' 0 paraph scenario check send.regexes
is "25,000 regexes decide" "$(cp send.regexes $scenari/send.private_smime; eval_it)" reject

# --- includes -------------------------------------------------------------------------------------------------------
mkdir inc
echo "include('a')" >inc/send.loop
echo "include('b')" >inc/include.a
echo "include('a')" >inc/include.b
says "a loop" 'include.b:1:[0-9]+: error: include.a includes itself' 65 paraph scenario check inc/send.loop
for i in $(seq 0 20); do echo "include('n$((i + 1))')" >inc/include.n$i; done
echo "include('n0')" >inc/send.deep
says "too deep" 'includes more than 10 deep' 65 paraph scenario check inc/send.deep
for name in '../a' '/etc/passwd' 'a/b' '..'; do
  echo "include('$name')" >inc/send.path
  says "an include that climbs" 'inc/send.path:1:[0-9]+: error' 65 paraph scenario check inc/send.path
done

# --- encodings ------------------------------------------------------------------------------------------------------
printf "title.gettext F\374r alle\r\n\r\nequal('\374',[custom_vars->u]) smtp,md5,smime -> do_it\r\n$end\r\n" >send.latin1
says "CRLF and Latin-1" 'good$' 0 paraph scenario check send.latin1
is "Latin-1 means its letters" "$(eval_it alice@example.org --scenario ./send.latin1 --set 'custom_vars->u=ü')" do_it
printf 'true() smtp -> do_it\000\n' >send.nul
says "a NUL" 'send.nul:1:[0-9]+: error' 65 paraph scenario check send.nul
printf '\357\273\277true() smtp,md5,smime -> do_it\r' >send.bom
is "BOM and CR" "$(eval_it alice@example.org --scenario ./send.bom)" do_it
head -c 200000 /dev/urandom >send.noise
says "noise" 'send.noise:1:|good' 65 paraph scenario check send.noise

# --- regexes and subjects -------------------------------------------------------------------------------------------
python3 -c 'print("From: alice@example.org\nTo: secure@lists.example.org\nSubject: " + "a" * 60000 + "\n\nx")' >long.eml
python3 -c 'print("From: alice@example.org\nTo: secure@lists.example.org\nSubject: " + "a" * 70000 + "\n\nx")' >longer.eml
aborted="reject(reason='error-performing-condition')"
for regex in '(a+)+[^a]' '(a|aa)*[b-z]{2}' '(.*)*[=+]' '^(([a-z])+.)+[0-9]([a-z])+$' 'a*a*a*a*a*a*a*a*[b-z]'; do
  for not in '' '!'; do
    is "$not/$regex/" "$(eval_it alice@example.org --message long.eml --rules "${not}match([msg_header->Subject],/$regex/) smime -> do_it")" "$aborted"
  done
done
is "a subject of 64 KB that is not hard" "$(eval_it alice@example.org --message long.eml --rules 'match([msg_header->Subject],/^a+$/) smime -> do_it')" do_it
is "one beyond the limit" "$(eval_it alice@example.org --message longer.eml --rules '!match([msg_header->Subject],/b/) smime -> do_it')" "$aborted"
echo 'match([sender],/(a+)+$/) smtp,md5,smime -> do_it' >send.danger
says "the linter warns" 'send.danger:1:[0-9]+: warning: .*very long' 0 paraph scenario check send.danger

# --- search files ---------------------------------------------------------------------------------------------------
mkdir -p site/etc/search_filters
python3 - <<'PY'
with open("site/etc/search_filters/million.txt", "w") as out:
    for i in range(500000):
        out.write(f"user{i:06}@example.net\n*@d{i:06}.example\n")
PY
echo "search('million.txt',[sender]) smtp,md5,smime -> do_it
$end" >$scenari/send.private_smime
is "the first" "$(eval_it user000000@example.net)" do_it
is "the last" "$(eval_it anybody@d499999.example)" do_it
is "none of them" "$(eval_it user500000@example.net)" reject
for name in ../million.txt /etc/passwd.txt .hidden.txt a.sql a.ldap; do
  echo "search('$name',[sender]) smtp -> do_it" >send.search
  says "search('$name')" 'send.search:1:[0-9]+: error' 65 paraph scenario check send.search
done
# The same rules with the file itself, and with a link to it: the second reads nothing.
echo "search('link.txt',[sender]) smtp,md5,smime -> do_it
$end" >$scenari/send.private_smime
echo "alice@example.org" >site/etc/search_filters/link.txt
is "a search file" "$(eval_it)" do_it
mv site/etc/search_filters/link.txt outside.txt
ln -s "$work/outside.txt" site/etc/search_filters/link.txt
refuses() { local what=$1; shift; ! bounded paraph scenario eval send --list secure --sender alice@example.org --auth smime "$@" >said 2>&1 ||
  ! grep -q '^do_it' said || fail "$what: $(cat said)"; ok; }
refuses "a link out of search_filters"
echo 'true() smtp,md5,smime -> do_it' >$scenari/send.private_smime
is "a scenario" "$(eval_it)" do_it
mv $scenari/send.private_smime outside.scenario
ln -s "$work/outside.scenario" $scenari/send.private_smime
refuses "a link out of scenari"
rm $scenari/send.private_smime
cp outside.scenario site/list_data/secure/send.outside
for name in '../send.outside' '..' '/../send.outside'; do refuses "--scenario $name" --scenario "$name"; done

# --- a post meets a bad scenario: it alone waits --------------------------------------------------------------------
cp send.deep $scenari/send.private_smime
make_post one alice secure
paraph-queue secure@lists.example.org <post/one.eml
run_daemons
[ "$(count_for bob)" = 0 ] || fail "a broken scenario let a post through"; ok
{ paraph status || true; } | grep -q '^CRITICAL.*send.private_smime:1:' || fail "status is silent: $(paraph status)"; ok
rm $scenari/send.private_smime
run_daemons
check "mended, it goes out" opens "$(mail_for bob)" bob post/one.txt
finished
