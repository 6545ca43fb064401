# shellcheck shell=bash
# An opaque signature that holds its text, the sender's certificate and no signer.
# expect status none
# expect auth_method smtp
# expect reasons no_signers
# expect layers signed-data
# witness no-verify
text | raw_signature alice -nodetach | regroup no-signers | cms_entity signed-data | post
