# shellcheck shell=bash
# AuthEnvelopedData.
# expect status none
# expect auth_method smtp
# expect reasons not_signed
# expect layers authenveloped-data
# expect encrypted true
# expect opened true
# expect cipher AES-256-GCM
# witness decrypt
text | encrypted aes-256-gcm list | post
