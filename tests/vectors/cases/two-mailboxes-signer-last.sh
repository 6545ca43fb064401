# shellcheck shell=bash
# Two mailboxes under one name: Bob's, then the signer's.
# expect status valid
# expect auth_method smtp
# expect reasons several_from
# expect layers multipart/signed
# witness verify
text | clear_signed alice | post 'Bob Example <bob@example.org>, Bob Example <alice@example.org>'
