# A private Postfix under a temporary root, for tests that need a real MTA. Source it, then:
#
#   postfix_available || skip…            root and the programs are there (says why not on stderr)
#   postfix_prepare ROOT USER DOMAIN      writes ROOT/postfix; sets POSTFIX_PORT
#     ROOT/postfix/etc/aliases, transport, boxes may then be filled: see below
#   postfix_start / postfix_stop          start is refused when the instance does not come up
#   postfix_log                           its log
#
# What it does with mail:
#   NAME@DOMAIN       local(8) by ROOT/postfix/etc/aliases, whose database USER owns: `|command` runs as USER
#   ADDRESS           by ROOT/postfix/etc/transport, before everything else (`secure@DOMAIN paraph:`)
#   postfix_pipe CMD  adds the pipe(8) service `paraph`, which runs CMD as USER
#   @example.org      virtual(8) Maildirs in ROOT/postfix/mail by ROOT/postfix/etc/boxes (`a@example.org a/`)
# The system's own instance, its queue, its configuration and its log are not touched.

postfix_available() {
  [ "$(id -u)" = 0 ] || { echo "the private Postfix needs root" >&2; return 1; }
  local program
  for program in postfix postmap postalias python3; do
    command -v "$program" >/dev/null || { echo "$program is not installed" >&2; return 1; }
  done
  getent passwd postfix >/dev/null || { echo "there is no user postfix" >&2; return 1; }
}

# A port of 127.0.0.1 that nobody listens on now.
postfix_free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

postfix_prepare() {
  local root=$1 user=$2 domain=$3
  POSTFIX_ROOT=$root/postfix
  POSTFIX_USER=$user
  POSTFIX_PORT=$(postfix_free_port)
  POSTFIX_PID=
  chmod 755 "$root"
  mkdir -p "$POSTFIX_ROOT"/{etc,queue,data,log,mail}
  chown postfix: "$POSTFIX_ROOT/data"
  chown "$user:" "$POSTFIX_ROOT/mail"
  : >"$POSTFIX_ROOT/etc/aliases"
  : >"$POSTFIX_ROOT/etc/transport"
  : >"$POSTFIX_ROOT/etc/boxes"
  # import_environment keeps its default: it carries MAIL_CONFIG to the daemons.
  cat >"$POSTFIX_ROOT/etc/main.cf" <<EOF
compatibility_level = 3.6
queue_directory = $POSTFIX_ROOT/queue
data_directory = $POSTFIX_ROOT/data
maillog_file = $POSTFIX_ROOT/log/mail.log
maillog_file_prefixes = $POSTFIX_ROOT
myhostname = mx.$domain
myorigin = $domain
mydestination = $domain
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
default_transport = error:5.1.2 nothing leaves this machine
relay_domains =
alias_maps = hash:$POSTFIX_ROOT/etc/aliases
alias_database = hash:$POSTFIX_ROOT/etc/aliases
transport_maps = texthash:$POSTFIX_ROOT/etc/transport
local_recipient_maps =
virtual_mailbox_domains = example.org
virtual_mailbox_base = $POSTFIX_ROOT/mail
virtual_mailbox_maps = texthash:$POSTFIX_ROOT/etc/boxes
virtual_minimum_uid = 1
virtual_uid_maps = static:$(id -u "$user")
virtual_gid_maps = static:$(id -g "$user")
minimal_backoff_time = 1s
queue_run_delay = 1s
message_size_limit = 104857600
virtual_mailbox_limit = 0
mailbox_size_limit = 0
smtputf8_enable = no
EOF
  cat >"$POSTFIX_ROOT/etc/master.cf" <<EOF
127.0.0.1:$POSTFIX_PORT inet n - n - - smtpd
pickup    unix  n  -  n  60  1  pickup
cleanup   unix  n  -  n  -   0  cleanup
qmgr      unix  n  -  n  1   1  qmgr
tlsmgr    unix  -  -  n  1000? 1 tlsmgr
rewrite   unix  -  -  n  -   -  trivial-rewrite
bounce    unix  -  -  n  -   0  bounce
defer     unix  -  -  n  -   0  bounce
trace     unix  -  -  n  -   0  bounce
verify    unix  -  -  n  -   1  verify
proxymap  unix  -  -  n  -   -  proxymap
smtp      unix  -  -  n  -   -  smtp
error     unix  -  -  n  -   -  error
retry     unix  -  -  n  -   -  error
discard   unix  -  -  n  -   -  discard
local     unix  -  n  n  -   -  local
virtual   unix  -  n  n  -   -  virtual
anvil     unix  -  -  n  -   1  anvil
postlog   unix-dgram n - n -  1  postlogd
EOF
}

# The pipe(8) service `paraph`, as `paraph mta postfix --transport` prints it.
postfix_pipe() {
  cat >>"$POSTFIX_ROOT/etc/master.cf" <<EOF
paraph    unix  -  n  n  -   -  pipe
  flags=hqRu user=$POSTFIX_USER null_sender= argv=$*
EOF
}

postfix_start() {
  postalias -c "$POSTFIX_ROOT/etc" "hash:$POSTFIX_ROOT/etc/aliases" || return 1
  # local(8) runs `|command` as the owner of the alias database.
  chown "$POSTFIX_USER:" "$POSTFIX_ROOT"/etc/aliases "$POSTFIX_ROOT"/etc/aliases.db
  postfix -c "$POSTFIX_ROOT/etc" start >"$POSTFIX_ROOT/log/start" 2>&1 || { postfix_log; return 1; }
  POSTFIX_PID=$(tr -d ' ' <"$POSTFIX_ROOT/queue/pid/master.pid")
  local i
  for ((i = 0; i < 100; i++)); do
    python3 -c "import smtplib; smtplib.SMTP('127.0.0.1', $POSTFIX_PORT, timeout=5).quit()" 2>/dev/null && return 0
    sleep 0.1
  done
  postfix_log
  return 1
}

# Stops what postfix_start started and makes sure that it is gone. Harmless when nothing runs.
postfix_stop() {
  [ -n "${POSTFIX_PID:-}" ] || return 0
  postfix -c "$POSTFIX_ROOT/etc" stop >>"$POSTFIX_ROOT/log/start" 2>&1
  local i
  for ((i = 0; i < 100; i++)); do
    kill -0 "$POSTFIX_PID" 2>/dev/null || { POSTFIX_PID=; return 0; }
    sleep 0.1
  done
  echo "postfix: master $POSTFIX_PID does not stop, killing it" >&2
  kill -KILL "$POSTFIX_PID"
  POSTFIX_PID=
  return 1
}

postfix_log() {
  cat "$POSTFIX_ROOT/log/start" "$POSTFIX_ROOT/log/mail.log" 2>/dev/null
}

# postfix_submit FROM TO FILE: one message by SMTP. FILE has LF or CRLF lines.
postfix_submit() {
  python3 - "$POSTFIX_PORT" "$@" <<'EOF'
import smtplib, sys
port, sender, recipient, path = sys.argv[1:]
message = open(path, "rb").read().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
with smtplib.SMTP("127.0.0.1", int(port), timeout=60) as smtp:
    smtp.sendmail(sender, [recipient], message)
EOF
}

# postfix_wait_for_mail BOX COUNT SECONDS: until BOX/new holds COUNT files.
postfix_wait_for_mail() {
  local box=$POSTFIX_ROOT/mail/$1 count=$2 i
  for ((i = 0; i < $3 * 10; i++)); do
    [ "$(find "$box/new" -type f 2>/dev/null | wc -l)" -ge "$count" ] && return 0
    sleep 0.1
  done
  echo "$box/new holds fewer than $count messages after $3 s" >&2
  return 1
}
