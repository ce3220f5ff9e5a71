"""The swarm: agents try optimisers and learning rates, managers copy the best, a supervisor keeps
the best weights and memory.

One meta-iteration starts every agent from the supervisor's weights and memory, trains each for
`agent_steps` steps and scores it on validation texts; the best agent's weights *and* memory become
the supervisor's. Agents of an iteration are independent and run in parallel. The test set is
never seen here. Source: walkthrough 4.3.1, with the choices of the methods page.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from joblib import Parallel, delayed

from hsokv.boundary.processes import free_memory, worker_options
from hsokv.memory.state import LearnerState
from hsokv.models.texts import TrainingSet
from hsokv.seeds import numpy_rng, seed_for
from hsokv.training.consolidation import tend
from hsokv.training.steps import train_episode

OPTIMIZERS = ("sgd", "adam", "rmsprop", "random")
LR_RANGE = (1e-5, 1e-3)
TOP_K_RANGE = (1, 10)

# state -> (validation accuracy, mean validation loss in nats)
Score = Callable[[LearnerState], tuple[float, float]]


@dataclass(frozen=True)
class Agent:
    """One agent's draw: optimiser, learning rate and entries read."""

    optimizer: str
    lr: float
    top_k: int


@dataclass
class SwarmResult:
    """The supervisor's best, and how it got there.

    Attributes:
        state: network and memory of the best agent, with the entries it reads.
        flops: counted floating-point operations of all agents.
        history: one dict per meta-iteration: step (agent steps so far), accuracy (best agent's,
            validation), best (the best so far), diversity (normalised entropy of optimisers),
            regret (1 - accuracy), optimizer, lr, top_k, forgotten, consolidated.
    """

    state: LearnerState
    flops: float = 0.0
    history: list[dict] = field(default_factory=list)


def draw_agent(index: int, rng: np.random.Generator) -> Agent:
    """Draw an agent: optimisers in turn, learning rate and top-k uniform in their ranges."""
    return Agent(
        OPTIMIZERS[index % len(OPTIMIZERS)],
        float(rng.uniform(*LR_RANGE)),
        int(rng.integers(TOP_K_RANGE[0], TOP_K_RANGE[1] + 1)),
    )


def follow(agent: Agent, best: Agent, rng: np.random.Generator) -> Agent:
    """Return an agent near the manager's best: its optimiser, lr within 20 %, top-k within 1."""
    top_k = int(np.clip(best.top_k + rng.integers(-1, 2), *TOP_K_RANGE))
    return replace(
        agent,
        optimizer=best.optimizer,
        lr=float(np.clip(best.lr * rng.uniform(0.8, 1.2), *LR_RANGE)),
        top_k=top_k,
    )


def diversity_of(agents: list[Agent]) -> float:
    """Return the entropy of the agents' optimisers over its maximum, in [0, 1]."""
    shares = np.array(list(Counter(agent.optimizer for agent in agents).values())) / len(agents)
    return float(-(shares * np.log(shares)).sum() / math.log(len(OPTIMIZERS)))


def _run_agent(agent: Agent, start: LearnerState, data: TrainingSet, score: Score, seed: int):
    """Train one agent from a copy; return its state, its score and the counted FLOPs."""
    state = start.clone()
    state.top_k = agent.top_k
    episode = train_episode(
        state,
        data,
        seed=seed,
        n_steps=state.config.agent_steps,
        optimizer=agent.optimizer,
        lr=agent.lr,
    )
    accuracy, loss = score(state)
    free_memory()
    return state, (accuracy, -loss), episode.flops


def run_swarm(
    start: LearnerState, data: TrainingSet, score: Score, *, seed: int, n_jobs: int = 1
) -> SwarmResult:
    """Search and train; return the best state.

    Args:
        start: where to start; left unchanged. Without a memory, networks are trained alone.
        data: texts to learn from.
        score: rates an agent on validation texts; accuracy first, then the lower loss. Under
            `strict_improvement` an iteration counts only if its accuracy beats the best so far.
        seed: of agents, their batches and dropout.
        n_jobs: agents trained side by side; the numbers do not depend on it.
    """
    config, rng = start.config, numpy_rng(seed, "swarm")
    agents = [draw_agent(i, rng) for i in range(config.n_agents)]
    best_score = (-1.0, 0.0)
    result = SwarmResult(start)
    with Parallel(n_jobs=n_jobs, **worker_options()) as parallel:
        for iteration in range(config.meta_iterations):
            runs = parallel(
                delayed(_run_agent)(
                    agent, result.state, data, score, seed_for(seed, "agent", iteration, i)
                )
                for i, agent in enumerate(agents)
            )
            scores = [run_score for _, run_score, _ in runs]
            top = max(range(len(runs)), key=scores.__getitem__)
            improved = (
                scores[top][0] > best_score[0]
                if config.strict_improvement
                else scores[top] > best_score
            )
            if improved:
                best_score, result.state = scores[top], runs[top][0]
            steps = (iteration + 1) * config.agent_steps
            result.state = replace(result.state, step=start.step + steps)
            result.flops += sum(flops for *_, flops in runs)
            tended = _tend(result, data, seed, iteration)
            result.history.append(
                {
                    "step": steps * config.n_agents,
                    "accuracy": scores[top][0],
                    "best": best_score[0],
                    "diversity": diversity_of(agents),
                    "regret": 1 - scores[top][0],
                    "optimizer": agents[top].optimizer,
                    "lr": agents[top].lr,
                    "top_k": agents[top].top_k,
                    **tended,
                }
            )
            agents = _next_agents(agents, [score[0] for score in scores], config, rng)
    return result


def _next_agents(agents, rewards, config, rng) -> list[Agent]:
    """Let each manager's weak agents follow its best; redraw all when diversity falls below 0.5."""
    agents, size = list(agents), config.agents_per_manager
    for start in range(0, len(agents), size):
        group = range(start, start + size)
        best = max(group, key=lambda i: rewards[i])
        for i in group:
            if rewards[i] < 0.6 * rewards[best]:
                agents[i] = follow(agents[i], agents[best], rng)
    if diversity_of(agents) < 0.5:
        order = rng.permutation(len(agents))
        agents = [draw_agent(int(i), rng) for i in order]
    return agents


def _tend(result: SwarmResult, data: TrainingSet, seed: int, iteration: int) -> dict:
    """Run consolidation and forgetting on the supervisor's state when they are due."""
    config = result.state.config
    if config.forgetting == "interference":
        due = iteration % config.lifecycle_every == 0
    else:
        due = (iteration + 1) % config.lifecycle_every == 0
        due |= iteration + 1 == config.meta_iterations
    if not due or result.state.memory is None:
        return {"consolidated": 0, "forgotten": 0}
    counts, flops = tend(result.state, data, seed_for(seed, "consolidate", iteration))
    result.flops += flops
    return counts
