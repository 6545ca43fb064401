# shellcheck shell=bash
# The excluded host, written with capitals that are not ASCII, in a SmtpUTF8Mailbox.
# expect status untrusted
# expect auth_method smtp
# expect reasons untrusted_issuer
# expect layers multipart/signed
# witness verify openssl
text | clear_signed international-excluded -certfile "$PKI/middle-excluding.pem" | post 'jürgen@bücher.example'
