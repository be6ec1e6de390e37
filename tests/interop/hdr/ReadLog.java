/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * Reads a latency.hlog with Gil Tene's own HdrHistogram and prints what run.json claims of it:
 * a line "NAME FIGURE VALUE" for the merged histogram of each tag ("response" for untagged lines).
 *
 *     java -cp hdrhistogram.jar ReadLog.java LATENCY.HLOG SKIP_BEFORE_SECONDS
 */
import java.io.File;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.EncodableHistogram;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;

public class ReadLog {
    static final double[] PERCENTILES = {50, 75, 90, 95, 99, 99.9, 99.99, 99.999};
    static final String[] NAMES = {"p50", "p75", "p90", "p95", "p99", "p99.9", "p99.99", "p99.999"};

    public static void main(String[] arguments) throws Exception {
        double skipBefore = Double.parseDouble(arguments[1]);
        HistogramLogReader reader = new HistogramLogReader(new File(arguments[0]));
        Map<String, Histogram> merged = new TreeMap<>();
        int lines = 0;
        for (;;) {
            EncodableHistogram next = reader.nextIntervalHistogram();
            if (next == null)
                break;
            lines++;
            Histogram histogram = (Histogram) next;
            double start = histogram.getStartTimeStamp() / 1000.0 - reader.getStartTimeSec();
            if (start < skipBefore - 0.0005)
                continue;
            String name = histogram.getTag() == null ? "response" : histogram.getTag();
            Histogram into = merged.get(name);
            if (into == null)
                merged.put(name, histogram.copy());
            else
                into.add(histogram);
        }
        System.out.println("log lines " + lines);
        for (Map.Entry<String, Histogram> entry : merged.entrySet()) {
            Histogram h = entry.getValue();
            System.out.println(entry.getKey() + " count " + h.getTotalCount());
            if (h.getTotalCount() == 0)
                continue;
            for (int i = 0; i < PERCENTILES.length; i++)
                System.out.println(entry.getKey() + " " + NAMES[i] + " "
                                   + h.getValueAtPercentile(PERCENTILES[i]));
            System.out.println(entry.getKey() + " max " + h.getMaxValue());
        }
    }
}
