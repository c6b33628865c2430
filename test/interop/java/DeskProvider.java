package desk;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.dubbo.config.ApplicationConfig;
import org.apache.dubbo.config.ProtocolConfig;
import org.apache.dubbo.config.RegistryConfig;
import org.apache.dubbo.config.ServiceConfig;
import org.apache.dubbo.config.bootstrap.DubboBootstrap;
import org.apache.dubbo.rpc.RpcContext;

/** Provides the desk under a name at a port: `v1 20880`. Ends with its input. */
public class DeskProvider implements DeskService {
    private final String name;
    private final List<String> notes = Collections.synchronizedList(new ArrayList<>());

    DeskProvider(String name) {
        this.name = name;
    }

    public static void main(String[] arguments) throws Exception {
        ApplicationConfig application = new ApplicationConfig("desk-provider");
        application.setQosEnable(false);
        ServiceConfig<DeskService> service = new ServiceConfig<>();
        service.setInterface(DeskService.class);
        service.setRef(new DeskProvider(arguments[0]));
        DubboBootstrap.getInstance()
            .application(application)
            .registry(new RegistryConfig(RegistryConfig.NO_AVAILABLE))
            .protocol(new ProtocolConfig("dubbo", Integer.parseInt(arguments[1])))
            .service(service)
            .start();
        System.out.println("ready");
        while (System.in.read() >= 0) continue;
        System.exit(0);
    }

    @Override
    public String greet(String caller) throws DeskException {
        if (caller.equals("declared")) throw new DeskException("as declared");
        if (caller.equals("undeclared")) throw new IllegalStateException("as nobody declared");
        if (caller.startsWith("slow")) sleep(Long.parseLong(caller.substring(4)));
        return name + ": hello " + caller;
    }

    @Override
    public Parcel reflect(Parcel parcel) {
        return parcel;
    }

    @Override
    public void note(String text) {
        notes.add(text);
    }

    @Override
    public List<String> notes() {
        return notes;
    }

    @Override
    public String attachment(String key) {
        String value = RpcContext.getServerAttachment().getAttachment(key);
        RpcContext.getServerResponseContext().setAttachment("answered-" + key, value);
        return value;
    }

    @Override
    public void nothing() {}

    private static void sleep(long milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
        }
    }
}
