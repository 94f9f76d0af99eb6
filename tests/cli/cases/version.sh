spinebench version
spinebench --version
