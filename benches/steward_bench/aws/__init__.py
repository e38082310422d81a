"""As much of AWS as the forwarding of findings needs, with every call counted. It answers from prepared bytes: what is
measured beside it must not wait for it."""
