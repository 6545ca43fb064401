"""An SMTP server on loopback that keeps what it is given: smtp_keep.py FOLDER. Its port is the first line
of FOLDER/port. Each message taken becomes FOLDER/N.eml, after a line `X-Envelope: SENDER RECIPIENT…`. A recipient named
`refused…` is answered 550 at RCPT, one named `later…` with 554 after the text. Ends when it is killed."""
import itertools
import pathlib
import re
import socketserver
import sys

folder = pathlib.Path(sys.argv[1])
numbers = itertools.count(1)


class Session(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text + b"\r\n")

    def address(self, line):
        found = re.search(rb"<(.*?)>", line)
        return found[1] if found else b""

    def data(self, sender, recipients):
        self.say(b"354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        if not line:
            return
        envelope = b"X-Envelope: " + b" ".join([sender or b"<>", *recipients]) + b"\r\n"
        (folder / f"{next(numbers)}.eml").write_bytes(envelope + b"".join(lines))
        refused = any(one.startswith(b"later") for one in recipients)
        self.say(b"554 5.6.0 not this text" if refused else b"250 2.0.0 taken")

    def handle(self):
        sender, recipients = b"", []
        self.say(b"220 keep ESMTP")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                self.say(b"250-keep\r\n250 8BITMIME")
                continue
            if verb == b"RCPT" and self.address(line).startswith(b"refused"):
                self.say(b"550 5.1.1 no such mailbox")
                continue
            if verb == b"DATA":
                self.data(sender, recipients)
                recipients = []
                continue
            if verb == b"QUIT":
                self.say(b"221 bye")
                return
            if verb == b"MAIL":
                sender, recipients = self.address(line), []
            elif verb == b"RCPT":
                recipients.append(self.address(line))
            elif verb == b"RSET":
                recipients = []
            self.say(b"250 fine")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


with Server(("127.0.0.1", 0), Session) as server:
    (folder / "port.new").write_text(f"{server.server_address[1]}\n")
    (folder / "port.new").rename(folder / "port")
    server.serve_forever()
