# shellcheck shell=bash
# Legitimate: the address is the signer's own; the name, in quotes, looks like Bob's and is none (RFC 5322 §3.4).
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# witness verify
text | clear_signed alice | post '"bob@example.org" <alice@example.org>'
