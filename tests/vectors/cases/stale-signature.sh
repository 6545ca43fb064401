# shellcheck shell=bash
# Received long after the signing time, further back than `replay_window`: only the daemon asks that.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# at 2044-12-01T00:00:00Z
# daemon smtp stale_signature
# witness verify
text | clear_signed alice | post
