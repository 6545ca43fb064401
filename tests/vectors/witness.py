"""Second witnesses: programs of other people, asked what they say of a vector. `# witness verify` asks each that is here,
`# witness verify openssl` that one: the other knows no revocation lists, or cannot read it."""
import os
import shutil
import subprocess
import threading

import variants

PURPOSES = {"verify": "any", "no-verify": "smimesign"}  # for the openssl command: a right signature may be of the wrong signer


def run(*command, **options):
    return subprocess.run(command, capture_output=True, timeout=60, check=False, **options)


class Openssl:
    name, here = "openssl", True

    def __init__(self, pki):
        self.pki = pki

    def decrypt(self, message, case, out=os.devnull):
        key = case.others.get("key", "list")
        return run("openssl", "cms", "-decrypt", "-in", message, "-out", out, "-inkey", self.pki / f"{key}.key",
                   "-recip", self.pki / f"{key}.pem").returncode == 0

    def verify(self, message, case):
        options, authorities = ["-purpose", PURPOSES[case.witness]], [self.pki / "ca.pem"]
        if "crl" in case.others:  # which the command takes from the file of CAs
            authorities.append(self.pki / f"{case.others['crl']}.crl")
            options.append("-crl_check")
        if "at" in case.others:
            options += ["-attime", str(int(case.at.timestamp()))]
        for policy in filter(None, case.others.get("policies", "").split(",")):
            options += ["-policy", policy, "-explicit_policy"]
        trusted = message.with_suffix(".authorities")
        trusted.write_bytes(b"".join(one.read_bytes() for one in authorities))
        return run("openssl", "cms", "-verify", "-in", message, "-out", os.devnull, "-CAfile", trusted, *options).returncode == 0


class Gpgsm:
    """With a home of its own that trusts the vectors' CA. It knows no mail, and is given the CMS object and what it signs."""
    name, here = "gpgsm", shutil.which("gpgsm") is not None

    def __init__(self, home, pki):
        self.home, self.alone = home, threading.Lock()
        if not self.here:
            return
        home.mkdir(mode=0o700)
        (home / "gpgsm.conf").write_text("disable-dirmngr\ndisable-crl-checks\ndisable-policy-checks\n")
        root = run("openssl", "x509", "-noout", "-fingerprint", "-sha1", "-in", pki / "ca.pem").stdout.decode().partition("=")[2]
        (home / "trustlist.txt").write_text(f"{root.strip()} S\n")
        self.run("--import", pki / "ca.pem")

    def run(self, *arguments):
        with self.alone:
            return run("gpgsm", "--homedir", self.home, "--batch", "--no-tty", "--status-fd", "1", *arguments)

    def verify(self, message, case):
        content, octets = variants.signed_octets(variants.entity_of(message.read_bytes())[1])
        signature, text = message.with_suffix(".p7"), message.with_suffix(".signed")
        signature.write_bytes(octets)
        text.write_bytes(content or b"")
        clock = ["--faked-system-time", case.at.strftime("%Y%m%dT%H%M%S")] if "at" in case.others else []
        done = self.run(*clock, "--verify", signature, *([] if content is None else [text]))
        # It ends with 0 for an expired certificate, and without a signer, too.
        return done.returncode == 0 and b"] GOODSIG" in done.stdout and b"] TRUST_FULLY" in done.stdout

    def close(self):
        if self.here:  # the agent that it started
            run("gpgconf", "--homedir", self.home, "--kill", "all")


class Witnesses:
    def __init__(self, work):
        self.openssl, self.gpgsm = Openssl(work / "pki"), Gpgsm(work / "gnupg", work / "pki")

    def fault(self, message, case):
        """None, or how one of them disagrees with what the case says of it."""
        said = case.witness
        if case.form == "encrypted":
            opened = message.with_suffix(".opened")
            if not self.openssl.decrypt(message, case, opened):
                return "openssl: does not decrypt it"
            message = opened
        if said in ("decrypt", "no-decrypt"):
            return None if self.openssl.decrypt(message, case) == (said == "decrypt") else f"openssl: {said} expected"
        for one in (self.openssl, self.gpgsm) if said else ():
            if case.asks(one.name) and one.here and one.verify(message, case) != (said == "verify"):
                return f"{one.name}: {said} expected"
        return None
