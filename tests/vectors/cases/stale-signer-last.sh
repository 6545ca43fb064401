# shellcheck shell=bash
# Bob signs and is From; behind his signature lies one of Alice's over another text.
# expect status invalid
# expect auth_method smtp
# expect reasons digest_mismatch several_signers
# expect layers multipart/signed
# witness no-verify
text > "$TMP/part"
text 'something else.' | raw_signature alice > "$TMP/stale"
raw_signature bob < "$TMP/part" | regroup last="$TMP/stale" > "$TMP/sig"
signed_multipart "$TMP/part" "$TMP/sig" | post 'Bob Example <bob@example.org>'
