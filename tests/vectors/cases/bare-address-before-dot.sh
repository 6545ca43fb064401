# shellcheck shell=bash
# Bob's address, a wide gap, a dot, and the signer's: a dot behind white space still belongs to the host (RFC 5322 §4.4).
# expect status valid
# expect auth_method smtp
# expect reasons no_from
# expect layers multipart/signed
# witness verify
text | clear_signed alice | post 'bob@example.org                     . <alice@example.org>'
