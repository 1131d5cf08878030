"""HTTP only: thin handlers, their policies, wire shapes and the portal's pages."""
