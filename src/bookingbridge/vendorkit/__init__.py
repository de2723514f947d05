"""What every vendor's package is built with: transport, sign-in, paging, signatures, the contract, simulators."""
