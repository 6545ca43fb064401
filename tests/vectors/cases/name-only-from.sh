# shellcheck shell=bash
# From is a name without an address: the signer's, whom Reply-To names in full.
# expect status valid
# expect auth_method smtp
# expect reasons no_from
# expect layers multipart/signed
# witness verify
{ printf 'Reply-To: Alice Example <alice@example.org>\r\n'; text | clear_signed alice; } | post 'Alice Example'
