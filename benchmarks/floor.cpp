// The floor: the tutorial's training (one unit, one step, batch one, Adam) written by hand in C++,
// 16 restarts side by side in one vector, everything that is fixed known to the compiler.
//
//   c++ -O3 -march=native -fno-math-errno -o floor floor.cpp && ./floor RESTARTS EPOCHS
//
// Prints one JSON object: restarts, seconds, and a checksum of the final losses.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

constexpr int W = 16;
typedef float V __attribute__((vector_size(4 * W)));
typedef int VI __attribute__((vector_size(4 * W)));

static inline V all(float a) { return V{} + a; }
static inline V clip(V x, float lo, float hi) {
    x = all(lo) > x ? all(lo) : x;
    return all(hi) < x ? all(hi) : x;
}
static inline V root(V x) {
    V r;
    for (int i = 0; i < W; i++) r[i] = std::sqrt(x[i]);
    return r;
}
static inline V tanh_(V x) {
    x = clip(x, -9.02f, 9.02f);
    V s = x * x;
    V p = s * 1.33199094675e-8f + 2.05841576983e-5f;
    p = s * p + 3.49407898398e-3f;
    p = s * p + 0.13379756538f;
    p = s * p + 0.999999979307f;
    V q = s * 7.7623831919e-7f + 3.28316311277e-4f;
    q = s * q + 0.0258712458347f;
    q = s * q + 0.467130718601f;
    q = s * q + 1.0f;
    return x * p / q;
}
static inline V logistic(V x) {
    x = clip(x, -87.0f, 88.0f);
    const float magic = 12582912.0f;
    V k = (x * -1.44269504089f + magic) - magic;
    V r = k * -0.693359375f - x;
    r = k * 2.12194440e-4f + r;
    V p = r * 0.00138145790151f + 0.00836871871299f;
    p = r * p + 0.0416683884541f;
    p = r * p + 0.16666520612f;
    p = r * p + 0.499999934458f;
    p = r * p + 1.0f;
    p = r * p + 1.0f;
    VI e = (__builtin_convertvector(k, VI) + 127) << 23;
    return 1.0f / (p * (V)e + 1.0f);
}

int main(int argc, char** argv) {
    const int restarts = argc > 1 ? atoi(argv[1]) : 4096, epochs = argc > 2 ? atoi(argv[2]) : 1000;
    const int N = 22, P = 14;
    float x[N], y[N];
    unsigned seed = 1;
    auto uniform = [&] { seed = seed * 1664525u + 1013904223u; return (seed >> 8) / 8388608.0f - 1; };
    for (int n = 0; n < N; n++) x[n] = uniform(), y[n] = uniform();
    std::vector<float> alpha(epochs * N);
    for (int s = 0; s < epochs * N; s++)
        alpha[s] = 1e-3 * std::sqrt(1 - std::pow(0.999, s + 1)) / (1 - std::pow(0.9, s + 1));
    double checksum = 0;
    auto begin = std::chrono::steady_clock::now();
    for (int pack = 0; pack < restarts / W; pack++) {
        V w[P], m[P] = {}, v[P] = {}, g[P], loss{};
        for (int p = 0; p < P; p++)
            for (int i = 0; i < W; i++) w[p][i] = 0.5f * uniform();
        for (int e = 0; e < epochs; e++) {
            V h{}, c{};
            loss = V{};
            for (int n = 0; n < N; n++) {
                // w: bias i f g o, input i f g o, recurrent i f g o, dense bias, dense weight
                V i = logistic(w[8] * h + (w[4] * x[n] + w[0]));
                V f = logistic(w[9] * h + (w[5] * x[n] + w[1]));
                V a = tanh_(w[10] * h + (w[6] * x[n] + w[2]));
                V o = logistic(w[11] * h + (w[7] * x[n] + w[3]));
                V c1 = f * c + i * a, t = tanh_(c1), h1 = o * t;
                V err = w[13] * h1 + w[12] - y[n];
                loss += err * err;
                V d = err * 2.0f, dh = d * w[13], dc = dh * o * (1.0f - t * t);
                V z[4] = {dc * a * (i * (1.0f - i)), dc * c * (f * (1.0f - f)),
                          dc * i * (1.0f - a * a), dh * t * (o * (1.0f - o))};
                for (int q = 0; q < 4; q++) g[q] = z[q], g[4 + q] = z[q] * x[n], g[8 + q] = z[q] * h;
                g[12] = d, g[13] = d * h1;
                for (int p = 0; p < P; p++) {
                    m[p] += (g[p] - m[p]) * 0.1f;
                    v[p] += (g[p] * g[p] - v[p]) * 0.001f;
                    w[p] -= (m[p] * alpha[e * N + n]) / (root(v[p]) + 1e-7f);
                }
                h = h1, c = c1;
            }
        }
        for (int i = 0; i < W; i++) checksum += loss[i] / N;
    }
    double s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    std::printf("{\"restarts\": %d, \"seconds\": %.6f, \"mean_loss\": %.6f}\n", restarts / W * W, s,
                checksum / (restarts / W * W));
}
