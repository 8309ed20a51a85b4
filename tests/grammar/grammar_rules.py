"""The rules that must be sayable, as in the description of the language."""

TOPOGRAPHIC_MAP = """
for each pair in sample(n_attempts):
    if connected:
        remove synapse if rand() < p_pot*int(w >= w_thresh) + p_dep*int(w < w_thresh)
    else:
        create synapse(w=w_max) if rand() < p_form*exp(-d2/(2*sigma_form**2))
"""

DEEP_R = """
for each synapse:
    if w*sgn < 0:
        remove synapse
        n_dormant += 1
for each pair in sample(n_dormant, unconnected):
    create synapse(w=0, sgn=2*int(rand() < 0.5) - 1)
"""

CRITICAL_PERIOD = """
for each synapse:
    if t > t_open + T_crit and w < w_set:
        remove synapse
        n_lost_post += 1
for each pair in sample(n_lost_post, per=post, unconnected):
    create synapse(w=w_init, t_open=t)
"""

HOMEOSTATIC_GROWTH = """
for each synapse: remove synapse limit N_incoming - floor(z_den_post) per post
for each synapse: remove synapse limit N_outgoing - floor(z_ax_pre) per pre
for each pair in match(floor(z_ax_pre) - N_outgoing, floor(z_den_post) - N_incoming):
    create synapse(w=w0)
"""

SPARSE_EVOLUTIONARY_TRAINING = """
for each synapse:
    remove synapse if rank(abs(w)) < zeta*count()
    n_removed += int(rank(abs(w)) < zeta*count())
for each pair in sample(n_removed, unconnected):
    create synapse(w=0.1*randn())
"""

ALL = (TOPOGRAPHIC_MAP, DEEP_R, CRITICAL_PERIOD, HOMEOSTATIC_GROWTH, SPARSE_EVOLUTIONARY_TRAINING)
