# shellcheck shell=bash
# Garbage instead of CMS.
# expect status malformed
# expect auth_method smtp
# expect reasons malformed
# expect layers
# expect encrypted false
# witness no-verify
openssl rand 700 | cms_entity signed-data | post
