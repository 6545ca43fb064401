# shellcheck shell=bash
# From is the list itself, with its own key: the daemon knows that it is one of ours (security rule 27), a look from outside does not.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# daemon smtp own_address
# witness verify
text | clear_signed list | post 'secure@lists.example.org'
