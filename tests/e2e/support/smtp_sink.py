"""A tiny SMTP server on loopback: smtp_sink.py PORT FILE [SENDER…]. Takes everything; FILE gets `RECIPIENT<tab>SUBJECT` for
each copy that was answered with 250. To MAIL of those senders it says 421 and hangs up, and FILE gets `421<tab>SENDER`.
With SMTP_SINK_PAUSE=SECONDS it takes so long over each message. Ends when it is killed."""
import os
import re
import socketserver
import sys
import time

port, path = int(sys.argv[1]), sys.argv[2]
pause = float(os.environ.get("SMTP_SINK_PAUSE", "0"))
unwanted = {sender.encode() for sender in sys.argv[3:]}


def write(text):
    with open(path, "a") as log:
        log.write(text)


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
        time.sleep(pause)
        write("".join(f"{one}\t{subject}\n" for one in recipients))
        self.say(b"250 2.0.0 taken")

    def handle(self):
        recipients = []
        self.say(b"220 sink ESMTP")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"MAIL" and (sender := re.search(rb"<(.*)>", line)[1]) in unwanted:
                write(f"421\t{sender.decode()}\n")
                self.say(b"421 4.7.0 not you")
                return
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
