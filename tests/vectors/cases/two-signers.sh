# shellcheck shell=bash
# Alice and Bob both signed.
# expect status malformed
# expect auth_method smtp
# expect reasons signer_is_not_sender several_signers
# expect layers multipart/signed
# witness verify
text | clear_signed alice -signer "$PKI/bob.pem" -inkey "$PKI/bob.key" | post
