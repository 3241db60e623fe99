"""The Python interface: every verb of the command line as a function with a typed result.

    training    train, resume
    runs        evaluate, predict, weights, plot, plot_stdp, meter
    checks      parity, check_gradient
    chips       deploy_run, deploy_nir, export_nir, export_brian2, estimate_run, compare
    sweeping    sweep
    arrays      save_task

They are found as `eqspike.train` and so on. Errors are subclasses of `eqspike.EqspikeError`.
"""
