# shellcheck shell=bash
# An address without quotes is no name (RFC 5322 §3.4): some readers show Bob's, some the signer's behind it, and we take neither.
# expect status valid
# expect auth_method smtp
# expect reasons no_from
# expect layers multipart/signed
# witness verify
text | clear_signed alice | post 'bob@example.org <alice@example.org>'
