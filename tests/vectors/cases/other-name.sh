# shellcheck shell=bash
# Legitimate: the address is the signer's own, though a reader that shows names only says Bob, and answers go to him.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# witness verify
{ printf 'Reply-To: bob@example.org\r\n'; text | clear_signed alice; } | post 'Bob Example <alice@example.org>'
