"""One file per address: translate the request, call a service, translate the answer."""
