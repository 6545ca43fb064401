# shellcheck shell=bash
# Two signatures by one certificate are one signer.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# witness verify
text | clear_signed alice -signer "$PKI/alice.pem" -inkey "$PKI/alice.key" -nocerts -certfile "$PKI/alice.pem" | post
