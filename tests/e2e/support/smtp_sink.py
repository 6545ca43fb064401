"""A tiny SMTP server on loopback: smtp_sink.py PORT FILE. Takes everything; FILE gets `RECIPIENT<tab>SUBJECT` for each
copy that was answered with 250. Ends when it is killed."""
import re
import socketserver
import sys

port, path = int(sys.argv[1]), sys.argv[2]


class Session(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text + b"\r\n")

    def data(self, recipients):
        self.say(b"354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        if not line:
            return
        found = re.search(rb"(?m)^Subject: (.*?)\r$", b"".join(lines))
        subject = found[1].decode("latin-1") if found else ""
        with open(path, "a") as log:
            log.write("".join(f"{one}\t{subject}\n" for one in recipients))
        self.say(b"250 2.0.0 taken")

    def handle(self):
        recipients = []
        self.say(b"220 sink ESMTP")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"RCPT":
                recipients.append(re.search(rb"<(.*)>", line)[1].decode())
            if verb == b"DATA":
                self.data(recipients)
                recipients = []
            elif verb == b"QUIT":
                self.say(b"221 bye")
                return
            else:
                recipients = [] if verb in (b"MAIL", b"RSET") else recipients
                self.say(b"250 fine")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


Server(("127.0.0.1", port), Session).serve_forever()
