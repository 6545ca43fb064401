# shellcheck shell=bash
# The signer's address as a display name.
# expect status valid
# expect auth_method smtp
# expect reasons signer_is_not_sender
# expect layers multipart/signed
# witness verify
text | clear_signed alice | post '"alice@example.org" <mallory@example.com>'
