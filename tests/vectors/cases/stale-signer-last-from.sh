# shellcheck shell=bash
# From is Alice: Bob signs, and behind his signature lies one of hers over another text.
# expect status invalid
# expect auth_method smtp
# expect reasons signer_is_not_sender digest_mismatch several_signers
# expect layers multipart/signed
# witness no-verify
text > "$TMP/part"
text 'something else.' | raw_signature alice > "$TMP/stale"
raw_signature bob < "$TMP/part" | regroup last="$TMP/stale" > "$TMP/sig"
signed_multipart "$TMP/part" "$TMP/sig" | post
