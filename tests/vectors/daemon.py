"""The vectors through the incoming daemon: a site with the vectors' CA for each revocation list, one more for the cases with
earlier mail, each once for every form of the messages, and in it one list per key and policy, whose rule distributes `smime`
and refuses the rest with the reasons; what the ledger says is what the daemon made of each message."""
import json
import os
import shutil
import sqlite3
import subprocess

DOMAIN = "lists.example.org"
RULE = """title.gettext The vectors' rule

true() smime -> do_it
true() smtp,md5 -> reject(reason='vector',quiet)
"""


class Site:
    def __init__(self, programs, root, pki, crl, past, form):
        """`crl`: the name of the revocation list at hand, or None. `past`: it sees earlier mail. `form`: of the messages."""
        self.programs, self.root, self.pki = programs, root / f"site-{crl}-{past}-{form}", pki
        self.config = self.root / "paraph.conf"
        self.environment = dict(os.environ, PARAPH_CONFIG=str(self.config))
        self.lists, self.queued, self.rows = {}, {}, {}
        self.run("paraph", "site", "create", self.root, "--domain", DOMAIN, "--listmaster", "listmaster@example.org",
                 "--cafile", pki / "ca.pem")
        if crl:  # laid there, not imported: some are refused by an import, and must do no harm
            (self.root / "crl").mkdir(exist_ok=True)
            shutil.copy(pki / f"{crl}.crl", self.root / "crl")

    def run(self, program, *arguments, given=None):
        done = subprocess.run([self.programs / program, *arguments], input=given, env=self.environment,
                              capture_output=True, timeout=300)
        if done.returncode != 0:
            raise RuntimeError(f"{program} {' '.join(map(str, arguments))}: exit {done.returncode}: "
                               f"{done.stderr.decode(errors='replace').strip()}")
        return done.stdout.decode(errors="replace")

    def list_for(self, others):
        """The list of such a case; that of one which says nothing is secure@, which the messages are addressed to."""
        key = others.get("key", "list")
        what = (key, others.get("crl-check"), others.get("policies"))
        if what in self.lists:
            return self.lists[what]
        name = "secure" if what == ("list", None, None) else f"secure-{len(self.lists)}"
        self.lists[what] = name
        self.run("paraph", "list", "create", name, "--owner", "owner@example.org", "--type", "sealed")
        if key != "none":
            self.run("paraph", "key", "install", name, "--cert", self.pki / f"{key}.pem", "--key", self.pki / f"{key}.key")
        folder = self.root / "list_data" / name
        if key == "locked":  # with a passphrase that nobody told the site
            subprocess.run(["openssl", "pkey", "-in", self.pki / "locked.key", "-aes256", "-passout", "pass:unknown",
                            "-out", folder / "private_key"], check=True, capture_output=True)
        (folder / "scenari").mkdir(exist_ok=True)
        (folder / "scenari" / "send.vector").write_text(RULE)
        config = (folder / "config").read_text()
        config = config.replace("send private_smime", "send vector")
        config = config.replace("encrypted_post_policy signed_inside", "encrypted_post_policy any")
        for parameter, value in (("crl_check", what[1]), ("required_policies", what[2])):
            config += f"\n{parameter} {value}\n" if value else ""
        (folder / "config").write_text(config)
        return name

    def queue(self, case, message, others):
        spool = self.root / "spool" / "msg"
        before = set(os.listdir(spool))
        elsewhere = message.suffix == ".earlier" and others["earlier"] == "elsewhere"
        name = self.list_for(dict(others, key="other") if elsewhere else others)
        self.run("paraph-queue", f"{name}@{DOMAIN}", given=message.read_bytes())
        path = spool / next(entry for entry in set(os.listdir(spool)) - before if "@" in entry)
        head, rest = path.read_bytes().split(b"\nReturn-Path:", 1)
        fields = dict(line.split(b": ", 1) for line in head.split(b"\n"))
        self.queued[case] = fields[b"X-Paraph-Id"].decode()
        if "at" in others:  # the clock of a judgement is when the queue took the mail
            head = head.replace(fields[b"X-Paraph-Received"], others["at"].encode())
            path.write_bytes(head + b"\nReturn-Path:" + rest)

    def judge(self):
        self.run("paraph-incoming", "--once")
        with sqlite3.connect(self.root / "paraph.sqlite") as base:
            self.rows = {mail: (outcome, reason) for mail, outcome, reason
                         in base.execute("select id, outcome, reason from paraph_mail")}

    def look(self, case, others):
        """What an inspection says that knows the site and the list."""
        message, name = self.root.parent / f"{case}.eml", self.list_for(others)
        return json.loads(self.run("paraph", "message", "inspect", message, "--list", name, "--json"))

    def fault(self, case, expected, others):
        """None, or how the daemon's ending contradicts what the case expects. It knows more than a look from outside (its own
        addresses, a locked key, earlier mail), so a case may say `# daemon METHOD [CODE…]` or `# daemon waits [CODE]` besides."""
        outcome, reason = self.rows.get(self.queued[case], ("waits", ""))
        method, *codes = others.get("daemon", f"{expected.get('auth_method')} {expected.get('reasons', '')}").split()
        said = f"daemon: {outcome} ({reason}), expected {method} {' '.join(codes)}"
        if (outcome == "waits") != (method == "waits") or (outcome == "distributed") != (method == "smime"):
            return said
        if method == "waits":
            return said if set(codes) - set(self.look(case, others)["reasons"]) else None
        if reason.startswith("vector"):  # the list's rule, which repeats all reasons but the one that is a remark
            codes = [code for code in codes if code != "revocation_unknown"]
            return None if reason.removeprefix("vector").removeprefix(": ") == ",".join(codes) else said
        return None if method != "smtp" or any(code in reason for code in codes) else said
