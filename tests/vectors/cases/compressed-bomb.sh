# shellcheck shell=bash
# 60 MB of zeros in a small object.
# expect status malformed
# expect auth_method smtp
# expect reasons malformed
# expect layers compressed-data
head -c 60000000 /dev/zero | compressed | post
