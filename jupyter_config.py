# The hub's configuration, for reference: `dialup serve` sets all of this itself.
#
# The hub is not a stock Jupyter server. Started with this file, the extension sees where it is
# and refuses:
#
#     jupyter server --config jupyter_config.py
#
# because a stock server would hand every account its contents, kernels and terminals, and with
# them this machine. Use `dialup serve`.
c = get_config()

c.DialupExtension.mode = "hub"
c.ServerApp.jpserver_extensions = {"dialup_ext": True}
c.ServerApp.reraise_server_extension_failures = True
c.ServerApp.allow_unauthenticated_access = False
c.ServerApp.terminals_enabled = False
