# shellcheck shell=bash
# A clear signature that holds the sender's certificate and no signer.
# expect status none
# expect auth_method smtp
# expect reasons no_signers
# expect layers multipart/signed
# witness no-verify
text > "$TMP/part"
raw_signature alice < "$TMP/part" | regroup no-signers > "$TMP/sig"
signed_multipart "$TMP/part" "$TMP/sig" | post
