# shellcheck shell=bash
# Alice signs what Bob is said to have written.
# expect status valid
# expect auth_method smtp
# expect reasons signer_is_not_sender
# expect layers multipart/signed
# witness verify
text | clear_signed alice | post bob@example.org
